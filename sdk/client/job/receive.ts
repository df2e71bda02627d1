import { type Hex, mustSign, owed } from '../../protocol/index.ts'
import { signTotal } from '../channels/index.ts'
import type { Timeouts } from '../limits.ts'
import type { Delivery, Order } from './job.ts'
import { checkTokens, emptyOutput, takeCheckpoint, takeChunk } from './output.ts'
import { acknowledge, type ReceiveComponents, settle } from './settle.ts'
import type { JobStream } from './stream.ts'

export type OutputEvent =
  | { type: 'tokens'; start: number; tokens: Uint32Array }
  | { type: 'checkpoint'; outputTokens: number; outputRoot: Hex; signature: Hex; signedTotal: bigint }

export interface ReceiveInit {
  order: Order
  vocabSize: number
  signal: AbortSignal
  emit: (event: OutputEvent) => void
}

/** Receives the answer, checks every step, and pays one window ahead of the last proven token. */
export async function receiveOutput(
  components: ReceiveComponents,
  stream: JobStream,
  { order, vocabSize, signal, emit }: ReceiveInit,
): Promise<Delivery> {
  const { timeouts, nowMs, deployed } = components
  const started = nowMs()
  const output = emptyOutput()
  const clock = { first: undefined as number | undefined, last: started }

  const cancel = () => {
    stream.endWithin(timeouts.cancelMs)
    stream.send({ type: 'cancel', body: { reason: 'client' } }).catch(() => {}) // The read below reports it.
  }
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  try {
    for (;;) {
      const message = await stream.next(['chunk', 'receipt'], waitFor(order, output.tokens.length, timeouts))
      if (message.type === 'receipt') {
        const delivery = await settle(components, order, output, message.body)
        await acknowledge(components, stream, delivery)
        return { ...delivery, ...speed(started, clock, output.tokens.length) }
      }
      clock.last = nowMs()
      clock.first ??= clock.last
      checkTokens(message.body, vocabSize)
      takeChunk(order, output, message.body)
      if (message.body.tokens.length > 0 && !signal.aborted) {
        emit({ type: 'tokens', start: message.body.start, tokens: message.body.tokens })
      }
      const checkpoint = await takeCheckpoint(deployed, order, output, message.body)
      if (checkpoint === undefined) continue
      const signedTotal = await payAhead(components, stream, order, output.proven)
      emit({ type: 'checkpoint', ...checkpoint, signedTotal })
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

function waitFor({ terms }: Order, received: number, timeouts: Timeouts) {
  if (received === 0) return { ms: timeouts.firstTokenMs, what: 'first token' }
  if (received >= terms.maxOutputTokens) return { ms: timeouts.receiptMs, what: 'receipt' }
  return { ms: timeouts.tokenMs, what: 'next token' }
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

function speed(started: number, { first, last }: { first: number | undefined; last: number }, count: number) {
  const firstTokenMs = first === undefined ? undefined : first - started
  const streamingMs = first === undefined ? 0 : last - first
  const tokensPerSecond = streamingMs > 0 && count > 1 ? ((count - 1) * 1000) / streamingMs : undefined
  return { firstTokenMs, tokensPerSecond }
}
