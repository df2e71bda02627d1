import { describe, expect, test } from 'vitest'
import { type Candidate, choose } from '../client/choice/choose.ts'
import { checkHints, type Hints } from '../client/choice/claims.ts'
import { blame, reputation } from '../client/choice/reputation.ts'
import { openStore, type ProviderRecord } from '../client/index.ts'
import type { KnownOffer } from '../p2p/index.ts'
import { AriaError, type Hex, type Offer } from '../protocol/index.ts'
import { seeded } from './helpers/random.ts'

const WANTED = { inputTokens: 10, maxOutputTokens: 100 }

const node = (digit: number): Hex => `0x${String(digit).repeat(40)}`
const offer = (digit: number, price: bigint, slotsFree = 4): KnownOffer =>
  ({
    node: node(digit),
    offer: {
      ...{ operator: node(digit), pricePerInputToken: price, pricePerOutputToken: price, slotsFree },
      ...{ region: '', energySource: 0, energyPerToken: 0 },
    },
  }) as unknown as KnownOffer
const record = (firstTokenMs: number, tokensPerSecond: number) =>
  ({ firstTokenMs, tokensPerSecond }) as unknown as ProviderRecord
const candidate = (digit: number, price: bigint, more: Partial<Candidate> = {}): Candidate => ({
  ...{ offer: offer(digit, price), record: undefined, inFlight: 0, auditScore: undefined },
  ...more,
})

/** How often each of the candidates is taken in 1,000 draws. */
function shares(candidates: Candidate[], hints: Hints = {}): number[] {
  const random = seeded(5)
  const counts = new Map<Hex, number>()
  for (let round = 0; round < 1_000; round++) {
    const taken = choose(candidates, { ...WANTED, ...hints }, random)!.chosen.offer.node
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

describe('a hint', () => {
  const claiming = (digit: number, claims: Partial<Offer>, more: Partial<Candidate> = {}): Candidate => {
    const known = offer(digit, 1n)
    return candidate(digit, 1n, { ...more, offer: { ...known, offer: { ...known.offer, ...claims } } })
  }
  const joules = (microjoules: number) => ({ energySource: 1, energyPerToken: microjoules })
  const cpuSeconds = (micro: number) => ({ energySource: 2, energyPerToken: micro })
  const constraintsOf = (candidates: Candidate[], hints: Hints) =>
    choose(candidates, { ...WANTED, ...hints }, seeded(1))!.constraints

  test('draws among those that claim the region, a subdivision being part of its country', () => {
    const three = [
      claiming(1, { region: 'DE' }),
      claiming(2, { region: 'DE-BE' }),
      claiming(3, { region: 'FR' }),
    ]

    const country = shares(three, { region: 'DE' })
    expect(country[2]).toBe(0)
    expect(Math.min(country[0]!, country[1]!)).toBeGreaterThan(200)
    expect(shares(three, { region: 'DE-BE' })).toEqual([0, 1_000, 0])
    expect(constraintsOf(three, { region: 'DE' })).toEqual([
      { name: 'region', asked: 'DE', effect: '2 of 3 equally fast claim it', isClaim: true },
    ])
  })

  test('that nobody fits changes nothing, and says so', () => {
    const two = [claiming(1, { region: 'DE' }), claiming(2, {})]

    for (const hints of [{ region: 'FR' }, { region: 'DE-BE' }])
      for (const share of shares(two, hints)) expect(share).toBeGreaterThan(200)
    expect(constraintsOf(two, { region: 'FR' })[0]!.effect).toBe('0 of 2 equally fast claim it, not followed')
  })

  test('never outranks what we saw ourselves: a claim decides up to a quarter slower, and not beyond', () => {
    const fast = claiming(1, joules(900), { record: record(0, 100) })
    const alike = claiming(2, { region: 'DE', ...joules(100) }, { record: record(0, 80) })
    const slower = claiming(2, { region: 'DE', ...joules(100) }, { record: record(0, 79.9) })

    for (const hints of [{ region: 'DE' }, { energy: 'least' }] as const) {
      expect(shares([fast, alike], hints)).toEqual([0, 1_000])
      expect(shares([fast, slower], hints)).toEqual([1_000, 0])
    }
    expect(constraintsOf([fast, slower], { region: 'DE' })[0]!.effect).toMatch(/not followed$/)
  })

  test('of the least energy takes those near the least claim, and compares joules with joules only', () => {
    const four = [
      claiming(1, joules(800)),
      claiming(2, joules(1_000)),
      claiming(3, joules(1_001)),
      claiming(4, cpuSeconds(5_000_000)),
      claiming(5, {}),
    ]

    const drawn = shares(four, { energy: 'least' })
    expect(drawn.map(share => share > 0)).toEqual([true, true, false, true, false])
    expect(constraintsOf(four, { energy: 'least' })).toEqual([
      {
        ...{ name: 'energy', asked: 'least', isClaim: true },
        effect:
          '3 of 5 equally fast claim about the least, 0.0008 J/token by rapl, 5 CPU-s/token by cpu-time',
      },
    ])
  })

  test('of energy comes after the region, and our own load still spreads the work', () => {
    const three = [
      claiming(1, { region: 'DE', ...joules(500) }, { inFlight: 1 }),
      claiming(2, { region: 'DE', ...joules(500) }),
      claiming(3, { region: 'FR', ...joules(1) }),
    ]

    expect(shares(three, { region: 'DE', energy: 'least' })).toEqual([0, 1_000, 0])
  })

  test('is explained per candidate as the operator’s claim', () => {
    const two = [claiming(1, { region: 'DE', ...joules(850_000) }), claiming(2, {})]
    const { explanation, reason } = choose(two, { ...WANTED, region: 'DE' }, seeded(1))!

    expect(reason).toBe('the only good one that the hints leave')
    expect(explanation).toMatchObject([
      {
        ...{ isGood: true, isPreferred: true, regionClaimed: 'DE' },
        energyClaimed: { source: 'rapl', microPerToken: 850_000 },
      },
      { isGood: true, isPreferred: false, isDrawn: false, regionClaimed: '', energyClaimed: undefined },
    ])
  })

  test.each([{ region: 'UK' }, { region: 'de' }, { region: '' }, { energy: 'most' as 'least' }])(
    'that means nothing is the caller’s error',
    hints => {
      expect(() => checkHints(hints)).toThrow(expect.objectContaining({ code: 'bad_request' }))
    },
  )
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
