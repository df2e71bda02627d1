// Types of transcript verification.
import type { Sampling } from './sampling.ts'

export interface Transcript {
  prompt: Uint32Array
  output: Uint32Array
  sampling: Sampling
  seed: bigint
}

/** `position` is the index in the output of the first token that the model would not have answered. */
export type Verdict = { match: true } | { match: false; position: number; expected: number; actual: number }
