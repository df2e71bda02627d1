import {
  AriaError,
  type ChunkMessage,
  type Deployed,
  digest,
  type Hex,
  mustSign,
  OutputCommitment,
  owed,
  requireSigner,
  type SignedReceipt,
  type Signer,
} from '../../protocol/index.ts'
import { signTotal } from '../channels/index.ts'
import type { Timeouts } from '../limits.ts'
import type { ChannelStore } from '../store/index.ts'
import { checkReceipt } from './check-receipt.ts'
import type { Delivery, Order } from './job.ts'
import type { JobStream } from './stream.ts'

export interface ReceiveComponents {
  channels: ChannelStore
  signer: Signer
  deployed: Deployed
  timeouts: Timeouts
  nowMs: () => number
}

export type OutputEvent =
  | { type: 'tokens'; start: number; tokens: Uint32Array }
  | { type: 'checkpoint'; outputTokens: number; outputRoot: Hex; signature: Hex; signedTotal: bigint }

export interface ReceiveInit {
  order: Order
  signal: AbortSignal
  emit: (event: OutputEvent) => void
}

/** Receives the answer, checks every step, and pays one window ahead of the last proven token. */
export async function receiveOutput(
  components: ReceiveComponents,
  stream: JobStream,
  { order, signal, emit }: ReceiveInit,
): Promise<Delivery> {
  const { timeouts, nowMs } = components
  const started = nowMs()
  const state = { commitment: new OutputCommitment(), output: [] as number[], proven: 0 }
  const clock = { first: undefined as number | undefined, last: started }

  const cancel = () => {
    stream.endWithin(timeouts.cancelMs)
    stream.send({ type: 'cancel', body: { reason: 'client' } }).catch(() => {}) // The read below reports it.
  }
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  try {
    for (;;) {
      const message = await stream.next(['chunk', 'receipt'], waitFor(order, state.output.length, timeouts))
      if (message.type === 'receipt') {
        const delivery = await settle(components, order, state, message.body)
        await acknowledge(components, stream, delivery)
        return { ...delivery, ...speed(started, clock, state.output.length) }
      }
      clock.last = nowMs()
      clock.first ??= clock.last
      takeChunk(order, state, message.body)
      if (message.body.tokens.length > 0 && !signal.aborted) {
        emit({ type: 'tokens', start: message.body.start, tokens: message.body.tokens })
      }
      const checkpoint = await takeCheckpoint(components, order, state, message.body)
      if (checkpoint === undefined) continue
      const signedTotal = await payAhead(components, stream, order, state.proven)
      emit({ type: 'checkpoint', ...checkpoint, signedTotal })
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

interface State {
  commitment: OutputCommitment
  output: number[]
  /** Tokens under the provider's last valid checkpoint. */
  proven: number
}

function waitFor({ terms }: Order, received: number, timeouts: Timeouts) {
  if (received === 0) return { ms: timeouts.firstTokenMs, what: 'first token' }
  if (received >= terms.maxOutputTokens) return { ms: timeouts.receiptMs, what: 'receipt' }
  return { ms: timeouts.tokenMs, what: 'next token' }
}

function takeChunk({ terms }: Order, state: State, { start, tokens }: ChunkMessage): void {
  if (start !== state.output.length) {
    throw new AriaError('bad_frame', `A chunk starts at ${start}, expected was ${state.output.length}.`)
  }
  const received = start + tokens.length
  if (received > terms.maxOutputTokens) {
    throw new AriaError(
      'bad_frame',
      `The provider sent ${received} of at most ${terms.maxOutputTokens} tokens.`,
    )
  }
  // A provider may run to the paid edge and no further, so nothing beyond it is ever owed.
  if (received > state.proven + terms.windowTokens) {
    throw new AriaError(
      'bad_frame',
      `${received} tokens came, but only ${state.proven} carry a checkpoint.`,
      {
        facts: { received, proven: state.proven, windowTokens: terms.windowTokens },
      },
    )
  }
  state.commitment.append(tokens)
  state.output.push(...tokens)
}

async function takeCheckpoint(
  { deployed }: ReceiveComponents,
  { requestHash, offer }: Order,
  state: State,
  { checkpoint }: ChunkMessage,
): Promise<{ outputTokens: number; outputRoot: Hex; signature: Hex } | undefined> {
  if (checkpoint === null) return undefined
  const { outputTokens, outputRoot, signature } = checkpoint
  const root = state.commitment.root()
  if (outputTokens !== state.output.length || outputRoot !== root) {
    throw new AriaError(
      'bad_receipt',
      `The checkpoint at ${outputTokens} tokens does not fit what arrived.`,
      {
        facts: { outputTokens, received: state.output.length, outputRoot, root },
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
  state.proven = outputTokens
  return checkpoint
}

/** One-way: the answer is never waited for while the window has room. */
async function payAhead(
  components: ReceiveComponents,
  stream: JobStream,
  { channel, terms }: Order,
  proven: number,
): Promise<bigint> {
  const { channels, nowMs } = components
  channels.setDue(channel, owed(terms, proven), false, nowMs())
  const before = channels.get(channel)!.signed!.total
  const voucher = await signTotal(components, channel, mustSign(terms, proven))
  if (voucher.total > before) await stream.send({ type: 'voucher', body: voucher })
  return voucher.total
}

async function settle(
  { channels, deployed, nowMs }: ReceiveComponents,
  order: Order,
  { commitment, output }: State,
  { receipt, signature }: SignedReceipt,
): Promise<Delivery> {
  await requireSigner('Receipt', receipt, signature, deployed, order.offer.node)
  const { salt } = channels.get(order.channel)!.parts
  const arrived = { outputTokens: output.length, outputRoot: commitment.root() }
  checkReceipt(receipt, order, { ...arrived, salt, nowMs: nowMs() })
  channels.setDue(order.channel, receipt.cumulativeDue, true, nowMs())
  const receiptHash = digest('Receipt', receipt, deployed)
  const cost = receipt.cumulativeDue - order.terms.base
  const unmeasured = { firstTokenMs: undefined, tokensPerSecond: undefined }
  return { receipt, signature, order, receiptHash, output: Uint32Array.from(output), cost, ...unmeasured }
}

/** The answer is complete and proven; a provider that hangs up before our thanks loses nothing of ours. */
async function acknowledge(
  components: ReceiveComponents,
  stream: JobStream,
  { order, receipt, receiptHash }: Delivery,
): Promise<void> {
  const before = components.channels.get(order.channel)!.signed!.total
  const voucher = await signTotal(components, order.channel, receipt.cumulativeDue)
  const body = { receiptHash, voucher: voucher.total > before ? voucher : null }
  await stream.send({ type: 'ack', body }).catch(() => {})
  await stream.close()
}

function speed(started: number, { first, last }: { first: number | undefined; last: number }, count: number) {
  const firstTokenMs = first === undefined ? undefined : first - started
  const streamingMs = first === undefined ? 0 : last - first
  const tokensPerSecond = streamingMs > 0 && count > 1 ? ((count - 1) * 1000) / streamingMs : undefined
  return { firstTokenMs, tokensPerSecond }
}
