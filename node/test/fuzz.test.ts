import { describe, expect, it } from 'vitest'
import { corpusOf, fuzz } from '../../scripts/fuzz-frames/campaign.ts'
import { TARGETS } from '../../scripts/fuzz-frames/targets.ts'

/** The short form of `npm run fuzz -w node`: the same inputs in every run. */
const INPUTS = 1_500
const SEED = 1

describe('parsers of what strangers send', () => {
  it.each(TARGETS)('$name takes every input or refuses it with a typed error', async target => {
    const { findings, inputs, accepted } = await fuzz(target, SEED, count => count >= INPUTS)
    expect(findings.map(({ problem, input }) => [problem, Buffer.from(input).toString('hex')])).toEqual([])
    expect(inputs).toBeGreaterThanOrEqual(INPUTS)
    expect(accepted).toBeGreaterThan(0)
  })

  it('keeps what it found: every input of the corpus belongs to a target', () => {
    expect(TARGETS.flatMap(corpusOf).length).toBeGreaterThanOrEqual(2)
  })
})
