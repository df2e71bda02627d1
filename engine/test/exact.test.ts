import { describe, expect, test } from 'vitest'
import { GREEDY, loadModel, type Model, sampling } from '../index.ts'
import { hashOf } from './support/hash.ts'
import { supportedKernels } from './support/kernels.ts'
import { Random } from './support/random.ts'
import { type TinyModel, TOKENS, writeTinyModel } from './support/tiny-model.ts'

const MODELS: Record<string, TinyModel> = {
  'qwen3, Q1_0, tied Q8_0 embedding': {},
  'llama, Q1_0, separate Q1_0 output': { architecture: 'llama', embedding: 'q1_0', tied: false },
  'llama, Q8_0': { architecture: 'llama', linear: 'q8_0' },
  'qwen3, F16': { linear: 'f16', embedding: 'f16' },
  'llama, F32': { architecture: 'llama', linear: 'f32', embedding: 'f32', tied: false },
  'qwen3, Q2_0, Q4_0 embedding': { linear: 'q2_0', embedding: 'q4_0' },
  'llama, TQ1_0, Q4_K embedding': { architecture: 'llama', linear: 'tq1_0', embedding: 'q4_k' },
  'llama, TQ2_0, BF16 output': { architecture: 'llama', linear: 'tq2_0', embedding: 'bf16', tied: false },
  'llama, I2_S, Q6_K embedding': { architecture: 'llama', linear: 'i2_s', embedding: 'q6_k' },
}
const PROMPT_LENGTH = 150 // crosses a 64-token step and a 64-position page twice
const CHUNKINGS = [[150], [1, 149], [63, 1, 86], [7, 13, 64, 66]]

const prompt = (() => {
  const random = new Random(7)
  return Uint32Array.from({ length: PROMPT_LENGTH }, () => random.below(TOKENS.length))
})()

async function logitsHash(model: Model, chunks: readonly number[]): Promise<string> {
  const session = model.createSession()
  let at = 0
  for (const chunk of chunks) {
    await session.prefill(prompt.subarray(at, at + chunk))
    at += chunk
  }
  const hash = hashOf(await session.logits())
  await session.close()
  return hash
}

describe.each(Object.entries(MODELS))('%s', (_, options) => {
  const path = writeTinyModel(options)

  test('logits are the same bits for all kernels, threads and chunkings', async () => {
    const hashes = new Set<string>()
    for (const kernels of supportedKernels())
      for (const threads of kernels === 'scalar' ? [1, 2] : [1, 2, 3]) {
        const model = await loadModel(path, { kernels, threads })
        const chunkings = kernels === 'scalar' ? [CHUNKINGS[threads]!] : CHUNKINGS // scalar is slow
        for (const chunks of chunkings) hashes.add(await logitsHash(model, chunks))
        await model.close()
      }

    expect(hashes.size).toBe(1)
  })

  test('decoded tokens prefilled again give the same logits', async () => {
    const model = await loadModel(path, { threads: 2 })
    const session = model.createSession()
    await session.prefill(prompt)
    const output = await session.decode(40, sampling({ temperature: 1.2 }), 5n)

    const again = model.createSession()
    await again.prefill(Uint32Array.from([...prompt, ...output]))

    expect(again.position).toBe(session.position)
    expect(hashOf(await again.logits())).toBe(hashOf(await session.logits()))
    await model.close()
  })
})

describe('sessions of one model', () => {
  test('answers do not depend on what other sessions do meanwhile', async () => {
    const model = await loadModel(writeTinyModel(), { threads: 2 })
    const answer = async (seed: bigint): Promise<Uint32Array> => {
      const session = model.createSession()
      await session.prefill(prompt.subarray(0, 40 + Number(seed)))
      const tokens: number[] = []
      for (let i = 0; i < 8; i++)
        tokens.push(...(await session.decode(3, sampling({ temperature: 1 }), seed)))
      await session.close()
      return Uint32Array.from(tokens)
    }
    const seeds = [1n, 2n, 3n, 4n, 5n, 6n]
    const alone: Uint32Array[] = []
    for (const seed of seeds) alone.push(await answer(seed))

    expect(await Promise.all(seeds.map(answer))).toEqual(alone)
    await model.close()
  })

  test('greedy decoding in one call equals token by token', async () => {
    const model = await loadModel(writeTinyModel({ architecture: 'llama' }), { threads: 1 })
    const [whole, single] = [model.createSession(), model.createSession()]
    await whole.prefill(prompt)
    await single.prefill(prompt)

    const expected = await whole.decode(20, GREEDY, 0n)
    const tokens: number[] = []
    for (const _ of expected) tokens.push(...(await single.decode(1, GREEDY, 0n)))

    expect(Uint32Array.from(tokens)).toEqual(expected)
    await model.close()
  })
})
