import { describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { checkSampling } from '../api/sampling.ts'
import { GREEDY, type Sampling, sampling } from '../index.ts'
import { Random } from './support/random.ts'
import { referenceDraw } from './support/reference-sampling.ts'

const draw = (logits: Float32Array, settings: Sampling, seed: bigint, position: number): number =>
  native().draw(logits, settings, new Uint32Array(position), position, seed).token

// Answers of viem's keccak256 for 135, 136, 137 and 272 letters 'a'.
const GOLDEN_KECCAK = [
  '34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446',
  'a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e',
  'd869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39',
  'cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8',
]
const GOLDEN_TOKENS = [890, 334, 223, 161, 878, 642, 778, 161, 420, 605, 334, 618]

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function randomLogits(random: Random, count: number): Float32Array {
  // Rounded to eighths, so that ties are common.
  return Float32Array.from({ length: count }, () => Math.round(random.signed() * 64) / 8)
}

function randomSampling(random: Random): Sampling {
  return {
    temperature: random.below(4) === 0 ? 0 : 1 + random.below(2000),
    topK: random.below(2) === 0 ? 0 : 1 + random.below(60),
    topP: random.below(2) === 0 ? 10000 : random.below(10001),
  }
}

describe('keccak256', () => {
  test('gives the published answers', () => {
    expect(hex(native().keccak256(new Uint8Array()))).toBe(
      'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
    expect(hex(native().keccak256(Buffer.from('abc')))).toBe(
      '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    )
    expect(hex(native().keccak256(Buffer.from('testing')))).toBe(
      '5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02',
    )
  })

  test('gives known answers around the block of 136 bytes', () => {
    const hashes = [135, 136, 137, 272].map(length =>
      hex(native().keccak256(new Uint8Array(length).fill(0x61))),
    )

    expect(hashes).toEqual(GOLDEN_KECCAK)
  })
})

describe('drawing a token', () => {
  test('equals the specification written again, on 2000 random cases', () => {
    const random = new Random(20)
    for (let i = 0; i < 2000; i++) {
      const logits = randomLogits(random, 1 + random.below(300))
      const settings = randomSampling(random)
      const seed = (BigInt(random.next()) << 32n) | BigInt(random.next())
      const position = random.below(20_000)

      const label = `case ${i}: ${JSON.stringify(settings)}, seed ${seed}, position ${position}`
      expect(draw(logits, settings, seed, position), label).toBe(
        referenceDraw(logits, settings, seed, position),
      )
    }
  })

  test('gives the golden tokens', () => {
    const logits = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 100)
    const settings = sampling({ temperature: 0.8, topK: 200, topP: 0.9 })

    expect(Array.from({ length: 12 }, (_, position) => draw(logits, settings, 42n, position))).toEqual(
      GOLDEN_TOKENS,
    )
  })

  test('greedy takes the lowest of equal tokens', () => {
    expect(draw(Float32Array.of(1, 3, 3, 2), GREEDY, 0n, 0)).toBe(1)
    expect(draw(Float32Array.of(-5), GREEDY, 0n, 0)).toBe(0)
  })

  test('top-k 1 and top-p 0 leave the best token only', () => {
    const logits = Float32Array.of(0, 1, 1, 0.5)
    for (let position = 0; position < 50; position++) {
      expect(draw(logits, { temperature: 2000, topK: 1, topP: 10000 }, 1n, position)).toBe(1)
      expect(draw(logits, { temperature: 2000, topK: 0, topP: 0 }, 1n, position)).toBe(1)
    }
  })

  test('follows the probabilities of the logits', () => {
    const logits = Float32Array.of(Math.log(1), Math.log(2), Math.log(5))
    const counts = [0, 0, 0]
    for (let position = 0; position < 8000; position++)
      counts[draw(logits, sampling({ temperature: 1 }), 9n, position)]! += 1

    // Five standard deviations of a binomial at n = 8000 are below 230.
    for (const [token, expected] of [1000, 2000, 5000].entries())
      expect(Math.abs(counts[token]! - expected)).toBeLessThan(230)
  })

  test('infinite and NaN logits are refused', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(() => draw(Float32Array.of(0, bad), GREEDY, 0n, 0)).toThrow(/infinite or NaN/)
  })
})

describe('sampling settings', () => {
  test('each limit is accepted and the next value refused', () => {
    for (const settings of [
      GREEDY,
      { temperature: 2000, topK: 1000, topP: 10000 },
      { temperature: 0, topK: 0, topP: 0 },
    ])
      expect(() => checkSampling(settings, 2n ** 64n - 1n)).not.toThrow()
    const bad = [
      { temperature: 2001 },
      { temperature: -1 },
      { topK: 1001 },
      { topP: 10001 },
      { topP: 0.5 },
      { temperature: Number.NaN },
    ]
    for (const change of bad)
      expect(() => checkSampling({ ...GREEDY, ...change }, 0n)).toThrow(
        expect.objectContaining({ code: 'bad_sampling' }),
      )
    for (const seed of [-1n, 2n ** 64n])
      expect(() => checkSampling(GREEDY, seed)).toThrow(expect.objectContaining({ code: 'bad_sampling' }))
  })

  test('fractions become the integers that are computed with', () => {
    expect(sampling({ temperature: 0.7, topK: 40, topP: 0.95 })).toEqual({
      temperature: 700,
      topK: 40,
      topP: 9500,
    })
  })
})
