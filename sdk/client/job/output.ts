import {
  AriaError,
  type ChunkMessage,
  type Deployed,
  OutputCommitment,
  requireSigner,
} from '../../protocol/index.ts'
import type { Order } from './job.ts'

/** The provider's signature over what it delivered. */
export type SignedCheckpoint = NonNullable<ChunkMessage['checkpoint']>

/** What has arrived of one order. */
export interface Output {
  commitment: OutputCommitment
  tokens: number[]
  /** Tokens under the provider's last valid signature, of a checkpoint or of the receipt. */
  proven: number
  checkpoint: SignedCheckpoint | undefined
}

export function emptyOutput(): Output {
  return { commitment: new OutputCommitment(), tokens: [], proven: 0, checkpoint: undefined }
}

/** @throws AriaError `bad_frame` for a gap, a flood, nothing at all, or tokens beyond the paid edge. */
export function takeChunk(
  { terms }: Order,
  output: Output,
  { start, tokens, checkpoint }: ChunkMessage,
): void {
  // Empty chunks would restart the clock that waits for tokens, for ever.
  if (tokens.length === 0 && (checkpoint === null || output.proven === output.tokens.length)) {
    throw new AriaError('bad_frame', 'A chunk carries neither tokens nor a new checkpoint.')
  }
  if (start !== output.tokens.length) {
    throw new AriaError('bad_frame', `A chunk starts at ${start}, expected was ${output.tokens.length}.`)
  }
  const received = start + tokens.length
  if (received > terms.maxOutputTokens) {
    throw new AriaError(
      'bad_frame',
      `The provider sent ${received} of at most ${terms.maxOutputTokens} tokens.`,
    )
  }
  // A provider may run to the paid edge and no further, so nothing beyond it is ever owed.
  if (received > output.proven + terms.windowTokens) {
    throw new AriaError(
      'bad_frame',
      `${received} tokens came, but only ${output.proven} carry a checkpoint.`,
      {
        facts: { received, proven: output.proven, windowTokens: terms.windowTokens },
      },
    )
  }
  output.commitment.append(tokens)
  output.tokens.push(...tokens)
}

/** @throws AriaError `provider_failed` for an id that the model does not have: no honest run of it makes one. */
export function checkTokens({ start, tokens }: ChunkMessage, vocabSize: number): void {
  const at = tokens.findIndex(token => token >= vocabSize)
  if (at === -1) return
  throw new AriaError(
    'provider_failed',
    `The provider sent token ${tokens[at]} of a model that has ${vocabSize}.`,
    {
      facts: { token: tokens[at], index: start + at, vocabSize },
    },
  )
}

/** @throws AriaError `bad_frame` for tokens behind a stop token: the answer had ended. */
export function checkStops(output: Output, { start, tokens }: ChunkMessage, stops: readonly number[]): void {
  const at = tokens.findIndex(token => stops.includes(token))
  const last = output.tokens.at(-1)
  const isAfter = tokens.length > 0 && last !== undefined && stops.includes(last)
  if (!isAfter && (at === -1 || at === tokens.length - 1)) return
  const index = isAfter ? start : start + at + 1
  throw new AriaError('bad_frame', `The provider went on at token ${index}, behind a stop token.`, {
    facts: { index },
  })
}

/** @throws AriaError `bad_receipt`, `bad_signature`. */
export async function takeCheckpoint(
  deployed: Deployed,
  { requestHash, offer }: Order,
  output: Output,
  { checkpoint }: ChunkMessage,
): Promise<SignedCheckpoint | undefined> {
  if (checkpoint === null) return undefined
  const { outputTokens, outputRoot, signature } = checkpoint
  const root = output.commitment.root()
  if (outputTokens !== output.tokens.length || outputRoot !== root) {
    throw new AriaError(
      'bad_receipt',
      `The checkpoint at ${outputTokens} tokens does not fit what arrived.`,
      {
        facts: { outputTokens, received: output.tokens.length, outputRoot, root },
      },
    )
  }
  await requireSigner(
    'Checkpoint',
    { requestHash, outputTokens, outputRoot },
    signature,
    deployed,
    offer.node,
  )
  output.proven = outputTokens
  output.checkpoint = checkpoint
  return checkpoint
}
