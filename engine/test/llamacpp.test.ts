// The built-in model in llama.cpp: an independent implementation has to read the same file and say the same.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getLlama, type LlamaContextSequence, type Token } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GREEDY, loadModel, type Model } from '../index.ts'
import { cosine } from './support/agreement.ts'
import { type TinyModel, writeTinyModel } from './support/tiny-model.ts'

const PATH = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const PROMPTS = [
  'Tell me a short story about a dog.',
  'Write a story about a girl and a boat.',
  'Once upon a time there was a small bird.',
  'What is ARIA?',
  'How does a provider earn tokens?',
  'Who checks the answers?',
  'What is 7 plus 5?',
  'What is 12 minus 4?',
  'Hello, who are you?',
  'Can you tell me a story?',
]
const TOKENS = 16
const TEXTS = [
  'Hello world',
  "I don't know.",
  '  two  spaces\n\n\ttab',
  'price: 1234567 wei',
  'naïve café',
  '日本語',
  '🙂 ok',
  'x = (a+b)*2; // note',
]

/** Cosine of our logits with the peer's log-probabilities, over the tokens that it gives any. */
function agreement(logits: Float32Array, probabilities: ReadonlyMap<number, number>): number {
  const shown = [...probabilities].filter(([, probability]) => probability > 0)
  const peer = shown.map(([, probability]) => Math.log(probability))
  return cosine(
    peer,
    shown.map(([token]) => logits[token]!),
  )
}

interface Step {
  token: number
  probabilities: ReadonlyMap<number, number>
}

/** Feeds tokens and returns what follows the last. */
async function nextOf(sequence: LlamaContextSequence, tokens: readonly number[]): Promise<Step> {
  const fed = tokens as readonly Token[]
  const ask = { generateNext: { probabilities: true, token: true, options: { temperature: 0 } } } as const
  const results = await sequence.controlledEvaluate([...fed.slice(0, -1), [fed.at(-1)!, ask]])
  const next = results.at(-1)?.next
  return { token: next!.token!, probabilities: next!.probabilities! }
}

const llama = await getLlama({ gpu: false, build: 'never' })
const peer = await llama.loadModel({ modelPath: PATH })
const context = await peer.createContext({ contextSize: 512, threads: 1 })
let ours: Model
beforeAll(async () => {
  expect(existsSync(PATH)).toBe(true)
  ours = await loadModel(PATH, { threads: 1 })
})
afterAll(async () => {
  await ours.close()
  await llama.dispose()
})

const RANDOM_MODELS: Record<string, TinyModel> = {
  'qwen3, Q1_0': { architecture: 'qwen3' },
  'llama, Q1_0': { architecture: 'llama' },
  'llama, Q8_0, separate output': { architecture: 'llama', linear: 'q8_0', tied: false },
  'qwen3, F16': { architecture: 'qwen3', linear: 'f16', embedding: 'f16' },
  'llama, F32': { architecture: 'llama', linear: 'f32', embedding: 'f32' },
}

describe('random models in llama.cpp', () => {
  test.each(Object.entries(RANDOM_MODELS))('%s: logits agree at every tried position', async (_, options) => {
    // At the size of results that training gives: undamped, the two ways of rounding activations drift apart, each about
    // as far from the model in double precision as from the other.
    const path = writeTinyModel({ ...options, seed: 11, gain: 0.5 })
    const [model, other] = [await loadModel(path, { threads: 1 }), await llama.loadModel({ modelPath: path })]
    const sequence = (await other.createContext({ contextSize: 256, threads: 1 })).getSequence()
    const session = model.createSession()
    for (const length of [1, 20, 100]) {
      const tokens = Array.from({ length }, (_, i) => (i * 37 + length) % 250)
      await session.prefill(Uint32Array.from(tokens))
      const { probabilities } = await nextOf(sequence, tokens)

      expect(agreement(await session.logits(), probabilities)).toBeGreaterThan(0.999)
    }
    await model.close()
    await other.dispose()
  })
})

describe('the built-in model in llama.cpp', () => {
  test('texts have the same token ids', () => {
    for (const text of [...TEXTS, ...PROMPTS])
      expect(Array.from(ours.tokenizer.encode(text)), text).toEqual(peer.tokenize(text))
  })

  test('at least 9 of 10 prompts go on with the same 16 tokens, and logits agree', async () => {
    const cosines: number[] = []
    let agreeing = 0
    for (const prompt of PROMPTS) {
      const tokens = ours.tokenizer.encodeChat([{ role: 'user', content: prompt }])
      const sequence = context.getSequence()
      const session = ours.createSession()
      await session.prefill(tokens)
      let fed = Array.from(tokens)
      let same = 0
      while (same < TOKENS) {
        const step = await nextOf(sequence, fed)
        cosines.push(agreement(await session.logits(), step.probabilities))
        const [token] = await session.decode(1, GREEDY, 0n)
        if (token !== step.token) break
        same = ours.tokenizer.stopTokens.includes(token) ? TOKENS : same + 1
        fed = [token]
      }
      if (same === TOKENS) agreeing++
      sequence.dispose()
      await session.close()
    }

    expect(cosines.reduce((sum, value) => sum + value, 0) / cosines.length).toBeGreaterThan(0.999)
    expect(agreeing).toBeGreaterThanOrEqual(9)
  })
})
