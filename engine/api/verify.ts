// Types of transcript verification.
import { EngineError } from './error.ts'
import { checkSampling, type Sampling } from './sampling.ts'
import { checkTokens } from './session.ts'

export interface Transcript {
  prompt: Uint32Array
  output: Uint32Array
  sampling: Sampling
  seed: bigint
}

/**
 * `position` is the index in the output of the first token that the model would not have answered. The logits are the
 * model's own at that place, before penalties and bias.
 */
export type Verdict = (
  | { match: true }
  | {
      match: false
      position: number
      expected: number
      actual: number
      expectedLogit: number
      actualLogit: number
    }
) & {
  /** With a key: the keyed digest of hidden states (SPEC.md, section 6), 32 bytes. */
  digest?: Uint8Array
}

export interface VerifyManyOptions {
  signal?: AbortSignal
  /** Called with the share of output tokens that are decided, 0 to 1. */
  onProgress?: (share: number) => void
  /** 32 bytes. With it each verdict has a digest that only who ran the model can tell. */
  key?: Uint8Array
}

export const TRANSCRIPTS_MAX = 10_000 // more than an epoch's samples of one provider; bounds what waits in memory
export const DIGEST_KEY_BYTES = 32

/** Throws for what no engine can check, before it is copied: a gigabyte would hold up the event loop. */
export function checkTranscript({ prompt, output, sampling, seed }: Transcript, contextLength: number): void {
  checkTokens('prompt', prompt)
  checkTokens('output', output)
  const length = prompt.length + output.length
  if (length > contextLength)
    throw new EngineError(
      'context_full',
      `The transcript has ${length} tokens; the context holds ${contextLength}.`,
    )
  checkSampling(sampling, seed)
}

export function checkTranscripts(transcripts: readonly Transcript[], contextLength: number): void {
  if (transcripts.length > TRANSCRIPTS_MAX)
    throw new EngineError(
      'bad_options',
      `There are ${transcripts.length} transcripts; at most ${TRANSCRIPTS_MAX} are verified at once.`,
    )
  for (const [index, transcript] of transcripts.entries()) {
    try {
      checkTranscript(transcript, contextLength)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      throw new EngineError(error.code, `Transcript ${index}: ${error.message}`, { cause: error })
    }
  }
}

export function checkDigestKey(key: Uint8Array | undefined): void {
  if (key === undefined) return
  if (!(key instanceof Uint8Array) || key.length !== DIGEST_KEY_BYTES)
    throw new EngineError('bad_options', `The key is not a Uint8Array of ${DIGEST_KEY_BYTES} bytes.`)
}
