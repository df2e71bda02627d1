import type { Host } from '../../p2p/index.ts'
import { AriaError, toAriaError } from '../../protocol/index.ts'
import { RESUMES_MAX } from '../limits.ts'
import type { Store } from '../store/index.ts'
import type { Delivery, Order } from './job.ts'
import type { Output } from './output.ts'
import { type OrderComponents, type OrderInit, placeOrder } from './place-order.ts'
import { type OutputEvent, receiveOutput } from './receive.ts'
import { resumeStream } from './resume.ts'
import { isDisconnection, type JobStream, openJobStream } from './stream.ts'

export interface JobComponents extends OrderComponents {
  host: Host
  books: Pick<Store, 'settle'>
}

export interface JobInit extends OrderInit {
  signal: AbortSignal
  /** Filled with what arrives: it stays with the caller when the order breaks off. */
  output: Output
  onAccepted: (order: Order) => void
  emit: (event: OutputEvent) => void
}

/** One order at one provider, from dialling to the receipt. The caller holds the channel's lease. */
export async function runJob(components: JobComponents, init: JobInit): Promise<Delivery> {
  const { host, timeouts } = components
  const { offer, signal } = init
  const stream = await openJobStream(host, offer, timeouts.connectMs, signal)
  const cancelled = new AriaError('cancelled', 'The request was cancelled before it was accepted.')
  const abort = () => stream.abort(cancelled)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    const order = await placeOrder(components, stream, init)
    signal.removeEventListener('abort', abort)
    init.onAccepted(order)
    return await receiveAll(components, stream, order, init)
  } catch (thrown) {
    const error = toAriaError(thrown)
    stream.abort(error)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Receives to the end; a stream that is merely lost is replaced by another one to the same provider. */
async function receiveAll(
  components: JobComponents,
  first: JobStream,
  order: Order,
  { wanted, output, signal, emit }: JobInit,
): Promise<Delivery> {
  let stream = first
  for (let resumes = 0; ; resumes++) {
    try {
      return await receiveOutput(components, stream, { order, wanted, output, signal, emit })
    } catch (thrown) {
      const error = toAriaError(thrown)
      stream.abort(error)
      const mayResume = isDisconnection(error) && output.tokens.length > 0 && resumes < RESUMES_MAX
      if (!mayResume || signal.aborted) throw error
      const next = await resumeStream(components, order, output.tokens.length, signal)
      if (next === undefined) throw error
      stream = next
      emit({ type: 'resumed', outputTokens: output.tokens.length })
    }
  }
}
