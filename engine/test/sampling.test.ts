import { describe, expect, test } from 'vitest'
import { type Native, native } from '../api/native.ts'
import { checkSampling } from '../api/sampling.ts'
import { GREEDY, type LogitBias, loadModel, type Sampling, sampling } from '../index.ts'
import { Random } from './support/random.ts'
import { type DrawInput, referenceDraw, referenceLogprobs } from './support/reference-sampling.ts'
import { writeTinyModel } from './support/tiny-model.ts'

const draw = (logits: Float32Array, settings: Sampling, seed: bigint, position: number): number =>
  native().draw(logits, settings, new Uint32Array(position), position, seed).token
const drawOf = ({ logits, sampling, sequence, answerStart, seed }: DrawInput): ReturnType<Native['draw']> =>
  native().draw(logits, sampling, sequence, answerStart, seed)

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

const sometimes = <T>(random: Random, value: () => T): T | undefined =>
  random.below(2) === 0 ? undefined : value()

function randomBias(random: Random, count: number): LogitBias[] {
  const tokens = new Set(Array.from({ length: random.below(5) }, () => random.below(count)))
  return [...tokens]
    .sort((a, b) => a - b)
    .map(token => ({ token, bias: random.below(5) === 0 ? -100_000 : random.below(8001) - 4000 }))
}

function randomSampling(random: Random, count: number): Sampling {
  const settings = {
    temperature: random.below(4) === 0 ? 0 : 1 + random.below(2000),
    topK: random.below(2) === 0 ? 0 : 1 + random.below(60),
    topP: random.below(2) === 0 ? 10000 : random.below(10001),
    minP: sometimes(random, () => random.below(2000)),
    presencePenalty: sometimes(random, () => random.below(4001) - 2000),
    frequencyPenalty: sometimes(random, () => random.below(4001) - 2000),
    repetitionPenalty: sometimes(random, () => 1 + random.below(2000)),
    repetitionWindow: sometimes(random, () => random.below(30)),
    logitBias: sometimes(random, () => randomBias(random, count)),
    logprobs: sometimes(random, () => random.below(21)),
  }
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as unknown as Sampling
}

/** `position` tokens, of which the last few repeat so that penalties have something to count. */
function randomInput(random: Random): DrawInput {
  const count = 1 + random.below(300)
  const length = random.below(60)
  return {
    logits: randomLogits(random, count),
    sampling: randomSampling(random, count),
    sequence: Uint32Array.from({ length }, () => random.below(Math.min(count, 20))),
    answerStart: random.below(length + 1),
    seed: (BigInt(random.next()) << 32n) | BigInt(random.next()),
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
  test('equals the specification written again, on 5000 random cases', () => {
    const random = new Random(20)
    for (let i = 0; i < 5000; i++) {
      const input = randomInput(random)
      const drawn = drawOf(input)

      const { sampling, sequence, answerStart, seed } = input
      const label = `case ${i}: ${JSON.stringify({ sampling, length: sequence.length, answerStart })}, seed ${seed}`
      expect(drawn.token, label).toBe(referenceDraw(input))
      if (sampling.logprobs === undefined) continue
      const logprobs = referenceLogprobs(input.logits)
      expect(drawn.top, label).toEqual(logprobs.slice(0, sampling.logprobs))
      expect(drawn.logprob, label).toBe(logprobs.find(entry => entry.token === drawn.token)!.logprob)
    }
  })

  test('uses the random number of the position alone, however long the sequence', () => {
    const random = new Random(21)
    for (let i = 0; i < 50; i++) {
      const input = randomInput(random)
      const long = { ...input, sequence: new Uint32Array(random.below(100_000)), answerStart: 0 }
      const { temperature, topK, topP } = input.sampling

      const plain = { ...long, sampling: { temperature, topK, topP } }
      expect(drawOf(plain).token, `case ${i}`).toBe(referenceDraw(plain))
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

  test('min-p 10000 leaves the likeliest tokens only', () => {
    const settings = sampling({ temperature: 2, minP: 1 })
    const drawn = Array.from({ length: 50 }, (_, p) => draw(Float32Array.of(0, 1, 1, 0.9), settings, 1n, p))

    expect(new Set(drawn)).toEqual(new Set([1, 2]))
  })

  test('penalties see the answer, the repetition penalty also the prompt within its window', () => {
    const input = {
      logits: Float32Array.of(2, 1.5, 1),
      sequence: Uint32Array.of(0, 1),
      answerStart: 1,
      seed: 0n,
    }
    const greedy = (settings: Parameters<typeof sampling>[0]): number =>
      drawOf({ ...input, sampling: sampling(settings) }).token

    expect(greedy({ presencePenalty: 2 })).toBe(0) // token 0 is in the prompt only
    expect(greedy({ frequencyPenalty: -2 })).toBe(1)
    expect(greedy({ repetitionPenalty: 2 })).toBe(0) // 2 / 2 equals token 2's logit, and the lower id wins
    expect(greedy({ repetitionPenalty: 2, logitBias: { 0: -0.001 } })).toBe(2)
    expect(greedy({ repetitionPenalty: 2, repetitionWindow: 1 })).toBe(0)
  })

  test('a bias of 100 forces a token and -100 bans it, by arithmetic alone', () => {
    const logits = Float32Array.of(1, 2, 3)

    expect(draw(logits, sampling({ logitBias: { 0: 100 } }), 0n, 0)).toBe(0)
    expect(draw(logits, sampling({ temperature: 2, logitBias: { 2: -100 } }), 0n, 0)).not.toBe(2)
    expect(draw(Float32Array.of(1, 500), sampling({ logitBias: { 0: 100 } }), 0n, 0)).toBe(1)
  })

  test('a bias for a token outside the vocabulary is refused', () => {
    expect(() => draw(Float32Array.of(1, 2), sampling({ logitBias: { 2: 1 } }), 0n, 0)).toThrow(
      expect.objectContaining({ code: 'bad_sampling' }),
    )
  })

  test('log-probabilities are those of the logits, whatever the settings', () => {
    const logits = Float32Array.of(Math.log(1), Math.log(2), Math.log(5))
    const settings = sampling({ temperature: 0.1, logprobs: 2, logitBias: { 0: 100 }, topK: 1 })
    const { token, logprob, top } = drawOf({
      logits,
      sampling: settings,
      sequence: new Uint32Array(),
      answerStart: 0,
      seed: 0n,
    })

    expect(token).toBe(0)
    expect(logprob).toBeCloseTo(Math.log(1 / 8), 6)
    expect(top.map(entry => entry.token)).toEqual([2, 1])
    expect(top[0]!.logprob).toBeCloseTo(Math.log(5 / 8), 6)
  })

  test('infinite and NaN logits are refused', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(() => draw(Float32Array.of(0, bad), GREEDY, 0n, 0)).toThrow(/infinite or NaN/)
  })
})

const LIMITS = {
  temperature: [0, 2000],
  topK: [0, 1000],
  topP: [0, 10000],
  minP: [0, 10000],
  presencePenalty: [-2000, 2000],
  frequencyPenalty: [-2000, 2000],
  repetitionPenalty: [1, 2000],
  repetitionWindow: [0, 32768],
  logprobs: [0, 20],
} as const
const refused = (settings: object, code = 'bad_sampling', seed = 0n): void =>
  expect(() => checkSampling({ ...GREEDY, ...settings }, seed), JSON.stringify(settings)).toThrow(
    expect.objectContaining({ code }),
  )
const accepted = (settings: object, seed = 0n): void =>
  expect(() => checkSampling({ ...GREEDY, ...settings }, seed)).not.toThrow()
const biases = (count: number): LogitBias[] =>
  Array.from({ length: count }, (_, token) => ({ token, bias: 1 }))

describe('sampling settings', () => {
  test.each(Object.entries(LIMITS))(
    '%s: each limit is accepted and the next value refused',
    (name, limits) => {
      const [least, most] = limits
      for (const value of limits) accepted({ [name]: value })
      for (const value of [least - 1, most + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null])
        refused({ [name]: value })
    },
  )

  test('seed, bias and grammar have limits on both sides', () => {
    accepted({}, 2n ** 64n - 1n)
    refused({}, 'bad_sampling', 2n ** 64n)
    refused({}, 'bad_sampling', -1n)
    accepted({ logitBias: biases(300) })
    refused({ logitBias: biases(301) })
    accepted({ logitBias: [{ token: 2 ** 32 - 1, bias: -100_000 }] })
    refused({ logitBias: [{ token: 2 ** 32, bias: 0 }] })
    refused({ logitBias: [{ token: 0, bias: 100_001 }] })
    refused({ logitBias: [...biases(2), { token: 1, bias: 0 }] })
    refused({ logitBias: { 1: 2 } })
    accepted({ grammar: 'g'.repeat(256 * 1024) })
    refused({ grammar: 'g'.repeat(256 * 1024 + 1) }, 'bad_grammar')
    refused({ grammar: '' }, 'bad_grammar')
    refused({ topK: undefined })
  })

  test('fractions become the integers that are computed with, and what is absent stays absent', () => {
    expect(sampling({ temperature: 0.7, topK: 40, topP: 0.95 })).toEqual({
      temperature: 700,
      topK: 40,
      topP: 9500,
    })
    expect(
      sampling({ minP: 0.05, presencePenalty: -0.5, repetitionPenalty: 1.1, logitBias: { 9: -100, 3: 0.5 } }),
    ).toEqual({
      ...GREEDY,
      minP: 500,
      presencePenalty: -500,
      repetitionPenalty: 1100,
      logitBias: [
        { token: 3, bias: 500 },
        { token: 9, bias: -100_000 },
      ],
    })
  })
})

describe('drawing in a session', () => {
  test('log-probabilities come with the same tokens, and only where asked for', async () => {
    const model = await loadModel(writeTinyModel({ seed: 3 }), { threads: 1 })
    const settings = sampling({ temperature: 1, logprobs: 3 })
    const [plain, detailed] = [model.createSession(), model.createSession()]
    await plain.prefill(Uint32Array.of(1, 2, 3))
    await detailed.prefill(Uint32Array.of(1, 2, 3))
    const logprobs = referenceLogprobs(await detailed.logits())

    const tokens = await plain.decode(5, settings, 1n)
    const draws = await detailed.decodeDraws(5, settings, 1n)
    await model.close()

    expect(draws.map(drawn => drawn.token)).toEqual([...tokens])
    expect(draws[0]!.top).toEqual(logprobs.slice(0, 3))
    expect(draws[0]!.logprob).toBe(logprobs.find(entry => entry.token === tokens[0])!.logprob)
  })
})
