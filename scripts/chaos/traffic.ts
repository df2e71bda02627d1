import type { SamplingParams } from '@aria/sdk/protocol'
import { draw, drawOne, drawWhole } from './random.ts'

/** One request, decided by the seed, its client and its number alone. */
export interface Ask {
  client: string
  number: number
  content: string
  maxOutputTokens: number
  sampling: SamplingParams
  seed: bigint
  /** The client breaks off after this many tokens; 0 for most, which read to the end. */
  cancelAfterTokens: number
}

const GREEDY: SamplingParams = { temperature: 0, topK: 0, topP: 10_000 }
const SAMPLED: SamplingParams = { temperature: 900, topK: 40, topP: 9_500 }
/** Few, so that references are computed once and prompt prefixes repeat. */
const SUBJECTS = [
  'a fox and a lantern',
  'two boats',
  'the first snow',
  'a baker',
  'a lost key',
  'an old clock',
]
const SEEDS = 4
const OUTPUT_TOKENS = [8, 48, 128] as const
const CANCELLED_SHARE = 0.05

export function ask(seed: number, client: string, number: number): Ask {
  const name = ['ask', client, number]
  const maxOutputTokens = drawOne(OUTPUT_TOKENS, seed, ...name, 'tokens')
  const isCancelled = draw(seed, ...name, 'cancel') < CANCELLED_SHARE
  return {
    ...{ client, number, maxOutputTokens },
    content: `Tell me a story about ${drawOne(SUBJECTS, seed, ...name, 'subject')}.`,
    sampling: draw(seed, ...name, 'sampling') < 0.5 ? GREEDY : SAMPLED,
    seed: BigInt(drawWhole(1, SEEDS, seed, ...name, 'seed')),
    cancelAfterTokens: isCancelled ? drawWhole(1, maxOutputTokens - 1, seed, ...name, 'cancel after') : 0,
  }
}
