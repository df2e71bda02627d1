import type { Model } from '@aria/engine'
import type { SamplingParams } from '@aria/sdk/protocol'

/** One streamed question. */
export interface Question {
  promptTokens: Uint32Array
  maxOutputTokens: number
  sampling: SamplingParams
  seed: bigint
  vocabSize: number
  stopTokens: readonly number[]
}

const GREEDY: SamplingParams = { temperature: 0, topK: 0, topP: 10_000 }
const SAMPLED: SamplingParams = { temperature: 900, topK: 40, topP: 9_500 }
const SUBJECTS = [
  'a fox and a lantern',
  'two boats',
  'the first snow',
  'a baker',
  'a lost key',
  'an old clock',
]
const OUTPUT_TOKENS_MAX = 160

/** Every other question is greedy; each has its own seed. */
export function question(model: Model, index: number): Question {
  const content = `Tell me a story about ${SUBJECTS[index % SUBJECTS.length]!}, number ${index}.`
  return {
    promptTokens: model.tokenizer.encodeChat([{ role: 'user', content }]),
    maxOutputTokens: OUTPUT_TOKENS_MAX,
    sampling: index % 2 === 0 ? GREEDY : SAMPLED,
    seed: BigInt(index) * 7919n + 1n,
    ...{ vocabSize: model.info.vocabSize, stopTokens: model.tokenizer.stopTokens },
  }
}

/** The uninterrupted answer, by the engine alone: no network, no payment, no second provider. */
export async function reference(model: Model, asked: Question): Promise<Uint32Array> {
  const { promptTokens, maxOutputTokens, sampling, seed } = asked
  const session = model.createSession({ maxTokens: promptTokens.length + maxOutputTokens })
  try {
    await session.prefill(promptTokens)
    return await session.decode(maxOutputTokens, sampling, seed)
  } finally {
    await session.close()
  }
}
