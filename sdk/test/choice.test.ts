import { describe, expect, test } from 'vitest'
import { type Candidate, choose } from '../client/choice/choose.ts'
import { blame, reputation } from '../client/choice/reputation.ts'
import { openStore, type ProviderRecord } from '../client/index.ts'
import type { KnownOffer } from '../p2p/index.ts'
import { AriaError, type Hex } from '../protocol/index.ts'
import { seeded } from './helpers/random.ts'

const WANTED = { inputTokens: 10, maxOutputTokens: 100 }

const node = (digit: number): Hex => `0x${String(digit).repeat(40)}`
const offer = (digit: number, price: bigint, slotsFree = 4): KnownOffer =>
  ({
    node: node(digit),
    offer: { operator: node(digit), pricePerInputToken: price, pricePerOutputToken: price, slotsFree },
  }) as unknown as KnownOffer
const record = (firstTokenMs: number, tokensPerSecond: number) =>
  ({ firstTokenMs, tokensPerSecond }) as unknown as ProviderRecord
const candidate = (digit: number, price: bigint, more: Partial<Candidate> = {}): Candidate => ({
  ...{ offer: offer(digit, price), record: undefined, inFlight: 0, auditScore: undefined },
  ...more,
})

/** How often each of the candidates is taken in 1,000 draws. */
function shares(candidates: Candidate[]): number[] {
  const random = seeded(5)
  const counts = new Map<Hex, number>()
  for (let round = 0; round < 1_000; round++) {
    const taken = choose(candidates, WANTED, random)!.chosen.offer.node
    counts.set(taken, (counts.get(taken) ?? 0) + 1)
  }
  return candidates.map(({ offer: { node: who } }) => counts.get(who) ?? 0)
}

describe('of several providers', () => {
  test('nobody is nobody, and the only one is taken', () => {
    expect(choose([], WANTED, Math.random)).toBeUndefined()
    expect(choose([candidate(1, 1n)], WANTED, Math.random)!.reason).toBe('the only good one')
  })

  test('one dearer than half above the cheapest is never taken', () => {
    expect(shares([candidate(1, 100n), candidate(2, 150n), candidate(3, 151n)])[2]).toBe(0)
  })

  test('equals share the work', () => {
    for (const share of shares([candidate(1, 1n), candidate(2, 1n), candidate(3, 1n)])) {
      expect(share).toBeGreaterThan(200)
    }
  })

  test('the slowest of three is never taken, the fastest not always', () => {
    const [fast, middle, slow] = shares([
      candidate(1, 1n, { record: record(50, 200) }),
      candidate(2, 1n, { record: record(50, 100) }),
      candidate(3, 1n, { record: record(50, 10) }),
    ])
    expect(slow).toBe(0)
    expect(fast).toBeGreaterThan(middle!)
    expect(middle).toBeGreaterThan(200)
  })

  test('a newcomer is tried', () => {
    const known = candidate(1, 1n, { record: record(10, 500) })

    expect(shares([known, candidate(2, 1n)])[1]).toBeGreaterThan(200)
  })

  test('our own load and a provider without free slots count', () => {
    expect(shares([candidate(1, 1n, { inFlight: 1 }), candidate(2, 1n)])[0]).toBe(0)
    expect(shares([candidate(1, 1n, { offer: offer(1, 1n, 0) }), candidate(2, 1n)])[0]).toBe(0)
  })
})

describe('a choice', () => {
  test('takes whoever failed lately for slower, and a lower audit score too', () => {
    const failing = { ...record(50, 100), failed: 1 } as ProviderRecord
    const steady = { ...record(50, 90), failed: 0 } as ProviderRecord

    expect(shares([candidate(1, 1n, { record: failing }), candidate(2, 1n, { record: steady })])[0]).toBe(0)
    expect(shares([candidate(1, 1n, { auditScore: 91 }), candidate(2, 1n, { auditScore: 100 })])[0]).toBe(0)
  })

  test('explains every candidate in the units that were compared', () => {
    const { chosen, explanation, good } = choose(
      [
        candidate(1, 1n, { record: record(100, 50), auditScore: 97 }),
        candidate(2, 1n, { record: record(100, 100), inFlight: 1 }),
        candidate(3, 9n),
      ],
      WANTED,
      seeded(1),
    )!

    expect(good).toBe(2)
    expect(explanation).toMatchObject([
      {
        node: node(1),
        cost: 110n,
        expectedMs: Math.round((100 + 2_000) / 0.97),
        auditScore: 97,
        isDrawn: true,
      },
      { node: node(2), expectedMs: (100 + 1_000) * 2, inFlight: 1, isNewcomer: false, isDrawn: true },
      { node: node(3), cost: 990n, isNewcomer: true, isGood: false, isDrawn: false },
    ])
    expect(chosen.offer.node).toBe(node(1))
  })
})

describe('a failure', () => {
  const now = 1_000_000
  const wait = (error: AriaError, times = 1): number => {
    const store = openStore(':memory:')
    const seen = reputation(store.providers, () => now)
    for (let round = 0; round < times; round++) seen.failed(offer(1, 1n), error)
    const waited = (store.providers.get(node(1))?.avoidUntilMs ?? now) - now
    store.close()
    return waited
  }

  test('of the rules weighs more than one of luck, and both grow', () => {
    const cheat = new AriaError('bad_receipt', 'x')
    const luck = new AriaError('provider_timeout', 'x')

    expect(wait(luck)).toBeLessThan(wait(cheat))
    expect(wait(luck, 3)).toBe(wait(luck) * 4)
    expect(wait(cheat, 2)).toBe(wait(cheat) * 2)
    expect(wait(cheat, 30)).toBe(24 * 3_600_000)
  })

  test('of ours is no provider’s fault', () => {
    for (const code of ['client_unfunded', 'chain_unreachable', 'cancelled', 'price_too_high'] as const) {
      expect(wait(new AriaError(code, 'x'))).toBe(0)
    }
  })

  test('that a provider reports as busy waits as long as it asks, within reason', () => {
    const busy = (retryAfterMs: number) =>
      new AriaError('busy', 'x', { facts: { rejected: true, retryAfterMs } })

    expect(wait(busy(700))).toBe(700)
    expect(wait(busy(10 ** 9))).toBe(30_000)
  })

  test('that a provider states about its own chain is not ours', () => {
    expect(blame(new AriaError('chain_unreachable', 'x', { facts: { rejected: true } }))).toBe('refused')
  })
})
