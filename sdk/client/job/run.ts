import type { Host } from '../../p2p/index.ts'
import { AriaError, toAriaError } from '../../protocol/index.ts'
import type { Delivery, Order } from './job.ts'
import type { Output } from './output.ts'
import { type OrderComponents, type OrderInit, placeOrder } from './place-order.ts'
import { type OutputEvent, receiveOutput } from './receive.ts'
import { openJobStream } from './stream.ts'

export interface JobComponents extends OrderComponents {
  host: Host
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
  const { offer, signal, emit, wanted, output } = init
  const stream = await openJobStream(host, offer, timeouts.connectMs, signal)
  const cancelled = new AriaError('cancelled', 'The request was cancelled before it was accepted.')
  const abort = () => stream.abort(cancelled)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    const order = await placeOrder(components, stream, init)
    signal.removeEventListener('abort', abort)
    init.onAccepted(order)
    return await receiveOutput(components, stream, { order, wanted, output, signal, emit })
  } catch (thrown) {
    const error = toAriaError(thrown)
    stream.abort(error)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
