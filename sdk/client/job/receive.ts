import { type Hex, mustSign, owed } from '../../protocol/index.ts'
import { signTotal } from '../channels/index.ts'
import type { Timeouts } from '../limits.ts'
import type { Delivery, InferRequest, Order } from './job.ts'
import { checkStops, checkTokens, type Output, takeCheckpoint, takeChunk } from './output.ts'
import { type Pace, pace } from './pace.ts'
import { acknowledge, type ReceiveComponents, settle } from './settle.ts'
import type { JobStream } from './stream.ts'

export type OutputEvent =
  | { type: 'tokens'; start: number; tokens: Uint32Array }
  | { type: 'checkpoint'; outputTokens: number; outputRoot: Hex; signature: Hex; signedTotal: bigint }

  /** The stream was lost; the provider goes on over another one. */
  | { type: 'resumed'; outputTokens: number }

export interface ReceiveInit {
  order: Order
  wanted: Pick<InferRequest, 'vocabSize' | 'stopTokens'>
  /** What an earlier stream of the order brought; what arrives is added. */
  output: Output
  signal: AbortSignal
  emit: (event: OutputEvent) => void
}

/** Receives the answer, checks every step, and pays one window ahead of the last proven token. */
export async function receiveOutput(
  components: ReceiveComponents,
  stream: JobStream,
  { order, wanted, output, signal, emit }: ReceiveInit,
): Promise<Delivery> {
  const { timeouts, nowMs, deployed } = components
  const started = nowMs()
  const { vocabSize = Number.POSITIVE_INFINITY, stopTokens } = wanted
  const gaps = pace({ minMs: Math.min(timeouts.stallMsMin, timeouts.tokenMs), maxMs: timeouts.tokenMs })
  const before = output.tokens.length
  const clock = { first: undefined as number | undefined, last: started }

  const cancel = () => {
    stream.endWithin(timeouts.cancelMs)
    stream.send({ type: 'cancel', body: { reason: 'client' } }).catch(() => {}) // The read below reports it.
  }
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  try {
    for (;;) {
      const message = await stream.next(
        ['chunk', 'receipt'],
        waitFor(order, output, stopTokens, { timeouts, gaps }),
      )
      if (message.type === 'receipt') {
        const { delivery, fresh } = await settle(components, order, output, stopTokens, message.body)
        await acknowledge(stream, delivery, fresh)
        return { ...delivery, ...speed(started, clock, output.tokens.length - before) }
      }
      const atMs = nowMs()
      if (clock.first !== undefined) gaps.saw(atMs - clock.last)
      clock.last = atMs
      clock.first ??= atMs
      checkTokens(message.body, vocabSize)
      checkStops(output, message.body, stopTokens ?? [])
      takeChunk(order, output, message.body)
      // Checked before anybody sees its tokens: what a wrong signature covers is made again elsewhere.
      const checkpoint = await takeCheckpoint(deployed, order, output, message.body)
      if (message.body.tokens.length > 0 && !signal.aborted) {
        emit({ type: 'tokens', start: message.body.start, tokens: message.body.tokens })
      }
      if (checkpoint === undefined) continue
      const signedTotal = await payAhead(components, stream, order, output.proven)
      emit({ type: 'checkpoint', ...checkpoint, signedTotal })
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

function waitFor(
  { terms }: Order,
  { tokens }: Output,
  stopTokens: readonly number[] = [],
  { timeouts, gaps }: { timeouts: Timeouts; gaps: Pace },
) {
  const last = tokens.at(-1)
  if (last === undefined) return { ms: timeouts.firstTokenMs, what: 'first token' }
  const hasEnded = tokens.length >= terms.maxOutputTokens || stopTokens.includes(last)
  if (hasEnded) return { ms: timeouts.receiptMs, what: 'receipt' }
  return { ms: gaps.limitMs(), what: 'next token' }
}

/** One-way: the answer is never waited for while the window has room. */
async function payAhead(
  components: ReceiveComponents,
  stream: JobStream,
  { channel, terms }: Order,
  proven: number,
): Promise<bigint> {
  const { channels, nowMs } = components
  const { voucher, fresh } = await signTotal(components, channel, mustSign(terms, proven))
  await channels.book(channel, { due: owed(terms, proven), settled: false, voucher: fresh }, nowMs())
  if (fresh !== undefined) await stream.send({ type: 'voucher', body: fresh })
  return voucher.total
}

function speed(started: number, { first, last }: { first: number | undefined; last: number }, count: number) {
  const firstTokenMs = first === undefined ? undefined : first - started
  const streamingMs = first === undefined ? 0 : last - first
  const tokensPerSecond = streamingMs > 0 && count > 1 ? ((count - 1) * 1000) / streamingMs : undefined
  return { firstTokenMs, tokensPerSecond }
}
