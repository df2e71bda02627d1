import {
  CHUNK_TOKENS_MAX,
  type ChunkMessage,
  checkpointEvery,
  type JobMessage,
  OutputCommitment,
  type SignedReceipt,
  signStruct,
} from '@aria/sdk/protocol'
import type { AdmittedJob } from './admit.ts'
import type { JobComponents } from './context.ts'
import type { JobMessages } from './messages.ts'
import type { Production } from './produce.ts'

/** The way from a job to its client: a stream that may be lost, and replaced by another one. */
export interface Link {
  /** What a lost stream does not take is made again from the job's tokens on the next one. Never throws. */
  write(message: JobMessage): Promise<void>
  /** From now on over `messages`: first `opening`, then what follows the client's `outputTokens`, the receipt too. */
  attach(messages: JobMessages, outputTokens: number, opening: JobMessage): Promise<void>
  /** Sends the receipt now, and on every later stream. */
  finish(receipt: SignedReceipt): Promise<void>
}

export interface LinkInit {
  messages: JobMessages
  admitted: AdmittedJob
  made: Production
  /** The current stream took no more. */
  onLost: () => void
}

export function openLink({ messages, admitted, made, onLost }: LinkInit, components: JobComponents): Link {
  let current: JobMessages | undefined = messages
  /** Tokens that the client has, and of those the ones under a signature that it has. */
  let sent = 0
  let signed = 0
  let receipt: SignedReceipt | undefined
  let turn: Promise<void> = Promise.resolve()

  /** One writer at a time: nothing may come between the tokens of a replay. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work)
    return turn
  }

  async function send(message: JobMessage): Promise<void> {
    const stream = current
    if (stream === undefined) return
    try {
      await stream.write(message)
    } catch {
      if (current !== stream) return
      current = undefined
      onLost()
    }
  }

  async function sendChunk(body: ChunkMessage): Promise<void> {
    const { start, tokens, checkpoint } = body
    const isNew = start >= sent
    const isNewlySigned = checkpoint !== null && checkpoint.outputTokens > signed
    if (!isNew && !isNewlySigned) return
    // Its tokens went out with a replay already; only the signature is missing.
    const rest = isNew ? body : { start: sent, tokens: new Uint32Array(0), checkpoint }
    sent = Math.max(sent, start + tokens.length)
    if (isNewlySigned) signed = checkpoint.outputTokens
    await send({ type: 'chunk', body: rest })
  }

  async function replay(): Promise<void> {
    const every = checkpointEvery(admitted.terms.windowTokens)
    const commitment = new OutputCommitment()
    commitment.append(Uint32Array.from(made.tokens.slice(0, sent)))
    while (sent < made.tokens.length && current !== undefined) {
      const boundary = (Math.floor(sent / every) + 1) * every
      const until = Math.min(made.tokens.length, boundary, sent + CHUNK_TOKENS_MAX)
      const tokens = Uint32Array.from(made.tokens.slice(sent, until))
      commitment.append(tokens)
      const isSigned = until === boundary || until === made.checkpointed
      const checkpoint = isSigned ? await checkpointOver(until, commitment, admitted, components) : null
      await sendChunk({ start: sent, tokens, checkpoint })
    }
  }

  return {
    write: message => inTurn(() => (message.type === 'chunk' ? sendChunk(message.body) : send(message))),
    attach(next, outputTokens, opening) {
      current = undefined
      return inTurn(async () => {
        current = next
        sent = outputTokens
        signed = 0
        await send(opening)
        await replay()
        if (receipt !== undefined) await send({ type: 'receipt', body: receipt })
      })
    },
    finish: body =>
      inTurn(async () => {
        receipt = body
        await send({ type: 'receipt', body })
      }),
  }
}

async function checkpointOver(
  outputTokens: number,
  commitment: OutputCommitment,
  { requestHash }: AdmittedJob,
  { deployed, signer }: JobComponents,
): Promise<ChunkMessage['checkpoint']> {
  const outputRoot = commitment.root()
  const signature = await signStruct(
    'Checkpoint',
    { requestHash, outputTokens, outputRoot },
    deployed,
    signer,
  )
  return { outputTokens, outputRoot, signature }
}
