// Every architecture and way of stretching positions: the same bits whatever the kernels, threads and chunks, and the
// numbers that the published architecture says.
import { describe, expect, test } from 'vitest'
import { loadModel, type Model, sampling } from '../index.ts'
import { cosine } from './support/agreement.ts'
import { type GgufValue, writeGguf } from './support/gguf-writer.ts'
import { hashOf } from './support/hash.ts'
import { supportedKernels } from './support/kernels.ts'
import { Random } from './support/random.ts'
import { referenceLogits } from './support/reference-model.ts'
import { type TinyModel, TOKENS, temporaryFile, tinyModel, writeTinyModel } from './support/tiny-model.ts'

const f32 = (value: number): GgufValue => ({ type: 'f32', value })
const u32 = (value: number): GgufValue => ({ type: 'u32', value })
const text = (value: string): GgufValue => ({ type: 'string', value })

const YARN = {
  'rope.scaling.type': text('yarn'),
  'rope.scaling.factor': f32(4),
  'rope.scaling.original_context_length': u32(128),
}
const LLAMA3_DIVISORS = Array.from({ length: 32 }, (_, i) => (i < 8 ? 1 : i < 16 ? 1 + (i - 8) / 2 : 8))

const MODELS: Record<string, TinyModel> = {
  'bitnet with matrix scales': { architecture: 'bitnet', scales: true },
  'bitnet, Q8_0, ReLU²': {
    architecture: 'bitnet',
    linear: 'q8_0',
    keys: { hidden_activation: text('relu2') },
  },
  'bitnet-b1.58 with an F16 head': { architecture: 'bitnet-b1.58', embedding: 'f16' },
  'bitnet-25': { architecture: 'bitnet-25', linear: 'q8_0' },
  'llama with linear scaling': {
    architecture: 'llama',
    keys: { 'rope.scaling.type': text('linear'), 'rope.scaling.factor': f32(4) },
  },
  'llama with llama3 frequency divisors': { architecture: 'llama', ropeDivisors: LLAMA3_DIVISORS },
  'llama with YaRN': { architecture: 'llama', linear: 'q8_0', keys: YARN },
  'qwen3 with YaRN and an attention factor': {
    keys: { ...YARN, 'rope.scaling.attn_factor': f32(0.75) },
  },
}
/** Results of a trained model's size: rounding then stays as small as it is there. */
const TRAINED = { seed: 5, gain: 0.25 }
const CHUNKINGS = [[150], [1, 149], [63, 1, 86], [7, 13, 64, 66]]

const prompt = (() => {
  const random = new Random(9)
  return Uint32Array.from({ length: 150 }, () => random.below(TOKENS.length))
})()

async function logitsOf(model: Model, tokens: Uint32Array, chunks: readonly number[]): Promise<Float32Array> {
  const session = model.createSession()
  let at = 0
  for (const chunk of chunks) {
    await session.prefill(tokens.subarray(at, at + chunk))
    at += chunk
  }
  const logits = await session.logits()
  await session.close()
  return logits
}

describe.each(Object.entries(MODELS))('%s', (_, options) => {
  const path = writeTinyModel({ ...options, ...TRAINED })

  test('logits are the same bits for all kernels, threads and chunkings', async () => {
    const hashes = new Set<string>()
    for (const kernels of supportedKernels())
      for (const threads of kernels === 'scalar' ? [1] : [1, 2, 3]) {
        const model = await loadModel(path, { kernels, threads })
        const chunkings = kernels === 'scalar' ? [CHUNKINGS[2]!] : CHUNKINGS // scalar is slow
        for (const chunks of chunkings) hashes.add(hashOf(await logitsOf(model, prompt, chunks)))
        await model.close()
      }

    expect(hashes.size).toBe(1)
  })

  test('decoded tokens prefilled again give the same logits', async () => {
    const model = await loadModel(path, { threads: 2 })
    const session = model.createSession()
    await session.prefill(prompt.subarray(0, 40))
    const output = await session.decode(30, sampling({ temperature: 1.2 }), 5n)
    const all = Uint32Array.from([...prompt.subarray(0, 40), ...output])

    expect(hashOf(await logitsOf(model, all, [all.length]))).toBe(hashOf(await session.logits()))
    await model.close()
  })

  test('logits are those of the published architecture', async () => {
    const model = await loadModel(path, { threads: 1 })
    const tokens = prompt.subarray(0, 24)

    const expected = referenceLogits(tinyModel({ ...options, ...TRAINED }), [...tokens])

    for (const length of [1, 7, 24])
      expect(
        cosine(await logitsOf(model, tokens.subarray(0, length), [length]), expected[length - 1]!),
      ).toBeGreaterThan(0.999)
    await model.close()
  })
})

describe('an option of an architecture', () => {
  const refusalOf = async (options: TinyModel): Promise<unknown> => {
    try {
      await (await loadModel(temporaryFile(writeGguf(tinyModel({ layers: 1, ...options })).bytes))).close()
      return 'accepted'
    } catch (error) {
      return error
    }
  }

  test.each([
    [
      'another RoPE scaling',
      { 'rope.scaling.type': text('longrope') },
      'unsupported',
      /scaling\.type.*longrope/,
    ],
    ['a factor below 1', { 'rope.scaling.factor': f32(0.5) }, 'bad_gguf', /scaling\.factor.*0\.5/],
    ['a NaN factor', { 'rope.scaling.factor': f32(Number.NaN) }, 'bad_gguf', /scaling\.factor.*nan/i],
    ['a factor that is text', { 'rope.scaling.factor': text('4') }, 'bad_gguf', /scaling\.factor.*floating/],
    ['no attention factor', { 'rope.scaling.attn_factor': f32(0) }, 'bad_gguf', /attn_factor.*0/],
    [
      'YaRN with other limits',
      { ...YARN, 'rope.scaling.yarn_beta_fast': f32(16) },
      'unsupported',
      /beta_fast.*16/,
    ],
    [
      'YaRN from an empty context',
      { ...YARN, 'rope.scaling.original_context_length': u32(0) },
      'bad_gguf',
      /original_context_length/,
    ],
    ['YaRN with base 1', { ...YARN, 'rope.freq_base': f32(1) }, 'bad_gguf', /freq_base.*above 1/],
    [
      'an odd rotation',
      { 'rope.dimension_count': u32(63) },
      'bad_gguf',
      /dimension_count' at offset \d+ is \d+; an even number is expected/,
    ],
    ['another activation', { hidden_activation: text('gelu') }, 'unsupported', /hidden_activation.*gelu/],
    ['an activation of another architecture', { hidden_activation: text('relu2') }, 'unsupported', /relu2/],
    [
      'attention to the future',
      { 'attention.causal': { type: 'bool', value: false } },
      'unsupported',
      /causal/,
    ],
  ] as const)('that is %s is refused by name', async (_, keys, code, message) => {
    expect(await refusalOf({ keys })).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test.each([
    [
      'frequency divisors below 1',
      { architecture: 'llama', ropeDivisors: LLAMA3_DIVISORS.map(d => d / 2) },
      /rope_freqs/,
    ],
    [
      'too few frequency divisors',
      { architecture: 'llama', ropeDivisors: [1, 2] },
      /rope_freqs.*2.*32 and 1/,
    ],
    ['frequency divisors in qwen3', { ropeDivisors: LLAMA3_DIVISORS }, /rope_freqs.*not part/],
    ['matrix scales in llama', { architecture: 'llama', scales: true }, /attn_q\.scale.*not part/],
    ['a head of its own in bitnet', { architecture: 'bitnet', tied: false }, /output\.weight.*not part/],
  ] as const)('that is %s is refused by name', async (_, options, message) => {
    expect(await refusalOf(options)).toMatchObject({ message: expect.stringMatching(message) })
  })

  test('that is a matrix scale of 0 or infinity is refused by name', async () => {
    for (const value of [0, Number.POSITIVE_INFINITY]) {
      const file = tinyModel({ architecture: 'bitnet', scales: true, layers: 1 })
      const scale = file.tensors.find(({ name }) => name === 'blk.0.ffn_up.scale')!
      new DataView(scale.data.buffer).setFloat32(0, value, true)

      await expect(loadModel(temporaryFile(writeGguf(file).bytes))).rejects.toMatchObject({
        code: 'bad_gguf',
        message: expect.stringMatching(/ffn_up\.scale/),
      })
    }
  })
})
