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
import type { JobComponents } from './context.ts'
import type { Inbox } from './inbox.ts'
import { STEP_TOKENS, STEP_TOKENS_FIRST } from './limits.ts'
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

/**
 * Generates and sends tokens until something ends the job. Never makes a token that no voucher covers; whoever is
 * interrupted stops within one decode step.
 */
export async function produce(
  made: Production,
  session: Session,
  admitted: AdmittedJob,
  { messages, inbox, components }: { messages: JobMessages; inbox: Inbox; components: JobComponents },
): Promise<Finish> {
  const { terms, job } = admitted
  const { model } = components
  const { temperature, topK, topP, seed } = job.request
  const contextLeft = model.contextMax - terms.inputTokens
  const stopTokens = new Set(model.engine.tokenizer.stopTokens)

  for (;;) {
    const count = made.tokens.length
    if (components.stopping.aborted) return FINISH.error
    if (inbox.interruption() !== undefined) return FINISH.cancelled
    if (components.clock.nowSeconds() > job.request.deadline) return FINISH.cancelled
    if (count >= terms.maxOutputTokens) return FINISH.length
    if (count >= contextLeft) return FINISH.contextFull
    const paid = mayProduce(terms, inbox.covered())
    if (count >= paid) {
      const covered = inbox.covered()
      if (!(await inbox.waitBeyond(covered, components.voucherTimeoutMs))) return FINISH.voucherTimeout
      continue
    }
    const until = Math.min(paid, contextLeft, nextCheckpoint(count, terms.windowTokens))
    const tokens = await session.decode(stepTokens(count, until), { temperature, topK, topP }, seed)
    if (tokens.length === 0) return FINISH.error
    made.tokens.push(...tokens)
    made.commitment.append(tokens)
    components.metrics.count('aria_tokens_generated_total', tokens.length)
    await messages.write({
      type: 'chunk',
      body: await chunk(count, tokens, made, admitted, inbox, components),
    })
    if (stopTokens.has(tokens.at(-1)!)) return FINISH.stop
  }
}

function nextCheckpoint(count: number, windowTokens: number): number {
  const every = checkpointEvery(windowTokens)
  return (Math.floor(count / every) + 1) * every
}

function stepTokens(count: number, until: number): number {
  return Math.min(count === 0 ? STEP_TOKENS_FIRST : STEP_TOKENS, until - count)
}

/** Tokens for the client; with our signature over everything so far where a voucher is due, or we are about to wait for one. */
async function chunk(
  start: number,
  tokens: Uint32Array,
  made: Production,
  { terms, requestHash }: AdmittedJob,
  inbox: Inbox,
  { signer, deployed }: JobComponents,
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
