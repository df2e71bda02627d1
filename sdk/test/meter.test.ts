import { describe, expect, test } from 'vitest'
import {
  checkpointEvery,
  costMax,
  mayPrefill,
  mayProduce,
  mustSign,
  owed,
  type Terms,
} from '../protocol/index.ts'
import { below, seeded } from './helpers/random.ts'

const promptPrice = ({ pricePerInputToken, inputTokens }: Terms) => pricePerInputToken * BigInt(inputTokens)
const windowPrice = ({ pricePerOutputToken, windowTokens }: Terms) =>
  pricePerOutputToken * BigInt(windowTokens)
const promptAhead = (terms: Terms) => (promptPrice(terms) * BigInt(terms.prefillSharePercent) + 99n) / 100n

/** Every combination of small values: all boundaries between window, limit and prompt lie in here. */
function* smallTerms(): Generator<Terms> {
  for (const pricePerInputToken of [0n, 1n, 3n])
    for (const pricePerOutputToken of [0n, 1n, 7n])
      for (const inputTokens of [1, 3])
        for (const maxOutputTokens of [1, 2, 5, 9])
          for (const windowTokens of [1, 2, 4, 16])
            for (const prefillSharePercent of [0, 50, 100])
              for (const base of [0n, 11n])
                yield {
                  ...{ pricePerInputToken, pricePerOutputToken, inputTokens, maxOutputTokens },
                  ...{ windowTokens, prefillSharePercent, base },
                }
}

describe('for all small terms', () => {
  test('what is owed and what is signed never fall, and never pass the most that a request costs', () => {
    for (const terms of smallTerms()) {
      for (let made = 1; made <= terms.maxOutputTokens; made++) {
        expect(owed(terms, made)).toBeGreaterThanOrEqual(owed(terms, made - 1))
        expect(mustSign(terms, made)).toBeGreaterThanOrEqual(mustSign(terms, made - 1))
      }
      expect(mustSign(terms, terms.maxOutputTokens)).toBe(terms.base + costMax(terms))
      expect(owed(terms, terms.maxOutputTokens)).toBe(terms.base + costMax(terms))
    }
  })

  test('a client never signs more than one window beyond what was delivered', () => {
    for (const terms of smallTerms()) {
      expect(mustSign(terms, 0)).toBeLessThanOrEqual(terms.base + promptAhead(terms) + windowPrice(terms))
      for (let proven = 0; proven <= terms.maxOutputTokens; proven++) {
        expect(mustSign(terms, proven) - owed(terms, proven)).toBeLessThanOrEqual(windowPrice(terms))
      }
    }
  })

  test('a provider that stops at the paid edge is never owed more than the rest of the prompt', () => {
    for (const terms of smallTerms()) {
      for (let proven = 0; proven <= terms.maxOutputTokens; proven++) {
        const covered = mustSign(terms, proven)
        const edge = mayProduce(terms, covered)
        const unpaid = owed(terms, edge) - covered
        // Only the first chunk comes before the rest of the prompt is paid; whoever takes it alone gets one token.
        const rest = edge === 1 ? promptPrice(terms) - promptAhead(terms) : 0n
        expect(unpaid).toBeLessThanOrEqual(rest)
      }
    }
  })

  test('the first voucher alone carries the first token, and further ones only with the whole prompt', () => {
    for (const terms of smallTerms()) {
      const covered = mustSign(terms, 0)
      const edge = mayProduce(terms, covered)
      expect(edge).toBeGreaterThanOrEqual(1)
      for (let made = 2; made <= edge; made++) expect(owed(terms, made)).toBeLessThanOrEqual(covered)
      if (edge < terms.maxOutputTokens) expect(owed(terms, edge + 1)).toBeGreaterThan(covered)
    }
  })

  test('a paid checkpoint always lets the provider go on, up to one window or the end', () => {
    for (const terms of smallTerms()) {
      for (let proven = 1; proven <= terms.maxOutputTokens; proven++) {
        const edge = mayProduce(terms, mustSign(terms, proven))
        const expected = Math.min(proven + terms.windowTokens, terms.maxOutputTokens)
        expect(edge).toBe(terms.pricePerOutputToken === 0n ? terms.maxOutputTokens : expected)
      }
    }
  })

  test('one wei less than the first voucher starts no work', () => {
    for (const terms of smallTerms()) {
      const needed = mustSign(terms, 0)
      expect(mayPrefill(terms, needed)).toBe(true)
      expect(mayPrefill(terms, needed - 1n)).toBe(false)
      expect(mayProduce(terms, needed - 1n)).toBe(0)
    }
  })

  test('one wei less than a voucher for one more token pays for no further token', () => {
    for (const terms of smallTerms()) {
      if (terms.pricePerOutputToken === 0n) continue
      for (let paid = 2; paid <= terms.maxOutputTokens; paid++) {
        if (!mayPrefill(terms, owed(terms, paid) - 1n)) continue
        expect(mayProduce(terms, owed(terms, paid))).toBe(paid)
        expect(mayProduce(terms, owed(terms, paid) - 1n)).toBeLessThan(paid)
      }
    }
  })
})

const SEEDS = [1, 2, 3, 20261124]

test.each(SEEDS)(
  'in random streams that break anywhere nobody loses more than one window (seed %i)',
  seed => {
    const random = seeded(seed)
    for (let round = 0; round < 2_000; round++) {
      const terms: Terms = {
        pricePerInputToken: BigInt(below(random, 10 ** 12)),
        pricePerOutputToken: BigInt(1 + below(random, 10 ** 13)),
        inputTokens: 1 + below(random, 5_000),
        maxOutputTokens: 1 + below(random, 300),
        windowTokens: 1 + below(random, 64),
        prefillSharePercent: below(random, 101),
        base: BigInt(below(random, 10 ** 15)),
      }
      const credit = random() < 0.3 ? BigInt(below(random, 3)) * windowPrice(terms) : 0n
      const ended = brokenStream(terms, credit, random)
      const clientLoss = ended.signed - owed(terms, ended.delivered)
      const providerLoss = owed(terms, ended.produced) - ended.signed
      const firstWindow = windowPrice(terms) + promptAhead(terms)
      expect(clientLoss).toBeLessThanOrEqual(
        (ended.delivered === 0 ? firstWindow : windowPrice(terms)) + credit,
      )
      expect(providerLoss).toBeLessThanOrEqual(promptPrice(terms) - promptAhead(terms))
    }
  },
)

/** Both sides follow the rules; the connection ends at a random step, with messages in flight either way. */
function brokenStream(terms: Terms, credit: bigint, random: () => number) {
  let signed = mustSign(terms, 0) + credit
  let received = signed
  let produced = 0
  let delivered = 0
  while (produced < terms.maxOutputTokens && random() > 0.02) {
    const edge = mayProduce(terms, received)
    const step = Math.min(checkpointEvery(terms.windowTokens), edge - produced)
    produced += Math.max(0, step)
    if (random() < 0.05) break
    delivered = produced
    const next = mustSign(terms, delivered)
    if (next > signed) signed = next
    if (random() < 0.05) break
    received = signed
  }
  return { signed: received, produced, delivered: Math.min(delivered, produced) }
}
