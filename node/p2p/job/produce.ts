import type { Session } from '@aria/engine'
import {
  type ChunkMessage,
  checkpointEvery,
  FINISH,
  type Finish,
  mayProduce,
  OutputCommitment,
  signStruct,
} from '@aria/sdk/protocol'
import type { AdmittedJob } from './admit.ts'
import { cadence } from './cadence.ts'
import type { JobComponents } from './context.ts'
import type { Inbox } from './inbox.ts'
import type { JobMessages } from './messages.ts'

/** What a job made so far; `checkpointed` tokens carry our signature. */
export interface Production {
  tokens: number[]
  commitment: OutputCommitment
  checkpointed: number
}

export function emptyProduction(): Production {
  return { tokens: [], commitment: new OutputCommitment(), checkpointed: 0 }
}

interface Line {
  messages: Pick<JobMessages, 'write'>
  inbox: Inbox
  components: JobComponents
}

/**
 * Generates and sends tokens until something ends the job. Never makes a token that no voucher covers. The engine works on
 * the next tokens while the last ones are signed and sent; what it has made when the job is interrupted is thrown away.
 */
export async function produce(
  made: Production,
  session: Session,
  admitted: AdmittedJob,
  line: Line,
): Promise<Finish> {
  const { inbox, components } = line
  const { temperature, topK, topP, seed } = admitted.job.request
  const stopTokens = new Set(components.model.engine.tokenizer.stopTokens)
  const pace = cadence()
  const decodeNext = () => {
    const count = payableStep(made, pace.step(made.tokens.length), admitted, line)
    if (count === 0) return undefined
    const tokens = session.decode(count, { temperature, topK, topP }, seed)
    tokens.catch(() => {}) // Reported where it is awaited, which an interruption may skip.
    return tokens
  }

  let next: Promise<Uint32Array> | undefined
  for (;;) {
    const ending = endingOf(made, admitted, line)
    if (ending !== undefined) return ending
    next ??= decodeNext()
    if (next === undefined) {
      const covered = inbox.covered()
      if (!(await inbox.waitBeyond(covered, components.voucherTimeoutMs))) return FINISH.voucherTimeout
      continue
    }
    const tokens = await next
    if (tokens.length === 0) return FINISH.error
    pace.made(tokens.length)
    const start = made.tokens.length
    made.tokens.push(...tokens)
    made.commitment.append(tokens)
    components.metrics.count('aria_tokens_generated_total', tokens.length)
    const isStopped = stopTokens.has(tokens.at(-1)!)
    next = isStopped || endingOf(made, admitted, line) !== undefined ? undefined : decodeNext()
    await line.messages.write({ type: 'chunk', body: await chunk(start, tokens, made, admitted, line) })
    if (isStopped) return FINISH.stop
  }
}

/** Why no further token may be made, whatever is paid. */
function endingOf(
  { tokens: { length: count } }: Production,
  { terms, job }: AdmittedJob,
  { inbox, components: { stopping, clock, model } }: Line,
): Finish | undefined {
  if (stopping.aborted) return FINISH.error
  if (inbox.interruption() !== undefined) return FINISH.cancelled
  if (clock.nowSeconds() > job.request.deadline) return FINISH.cancelled
  if (count >= terms.maxOutputTokens) return FINISH.length
  if (count >= model.contextMax - terms.inputTokens) return FINISH.contextFull
  return undefined
}

/** As many of `wanted` tokens as are paid for, fit the context, and do not pass a checkpoint; 0 at the paid edge. */
function payableStep(
  { tokens: { length: count } }: Production,
  wanted: number,
  { terms }: AdmittedJob,
  { inbox, components: { model } }: Line,
): number {
  const contextLeft = model.contextMax - terms.inputTokens
  const until = Math.min(
    mayProduce(terms, inbox.covered()),
    contextLeft,
    nextCheckpoint(count, terms.windowTokens),
  )
  return Math.max(0, Math.min(wanted, until - count))
}

function nextCheckpoint(count: number, windowTokens: number): number {
  const every = checkpointEvery(windowTokens)
  return (Math.floor(count / every) + 1) * every
}

/** Tokens for the client; with our signature over everything so far where a voucher is due, or we are about to wait for one. */
async function chunk(
  start: number,
  tokens: Uint32Array,
  made: Production,
  { terms, requestHash }: AdmittedJob,
  { inbox, components: { signer, deployed } }: Line,
): Promise<ChunkMessage> {
  const outputTokens = made.tokens.length
  const isDue = outputTokens % checkpointEvery(terms.windowTokens) === 0
  const isAtEdge = outputTokens >= mayProduce(terms, inbox.covered())
  if (!isDue && !isAtEdge) return { start, tokens, checkpoint: null }
  const outputRoot = made.commitment.root()
  const signature = await signStruct(
    'Checkpoint',
    { requestHash, outputTokens, outputRoot },
    deployed,
    signer,
  )
  made.checkpointed = outputTokens
  inbox.checkpointed(outputTokens)
  return { start, tokens, checkpoint: { outputTokens, outputRoot, signature } }
}
