import type { Host } from '../../p2p/index.ts'
import { AriaError, signStruct, toAriaError } from '../../protocol/index.ts'
import { RESUME_CONNECT_TIMEOUT_MS } from '../limits.ts'
import type { Order } from './job.ts'
import type { OrderComponents } from './place-order.ts'
import { type JobStream, openJobStream } from './stream.ts'

/**
 * Another stream for the rest of an order, after `outputTokens`. Undefined when the provider is gone or has forgotten the
 * order: then another provider is the better answer.
 */
export async function resumeStream(
  { host, channels, signer, deployed, timeouts }: OrderComponents & { host: Host },
  { offer, channel, requestHash }: Order,
  outputTokens: number,
  signal: AbortSignal,
): Promise<JobStream | undefined> {
  const voucher = channels.get(channel)!.signed!
  let stream: JobStream | undefined
  try {
    const connectMs = Math.min(timeouts.connectMs, RESUME_CONNECT_TIMEOUT_MS)
    stream = await openJobStream(host, offer, connectMs, signal)
    const resume = { requestHash, outputTokens }
    const signature = await signStruct('Resume', resume, deployed, signer)
    await stream.send({ type: 'resume', body: { resume, signature, voucher } })
    const { body } = await stream.next(['accept'], { ms: timeouts.acceptMs, what: 'acceptance' })
    if (body.requestHash === requestHash) return stream
    throw new AriaError('bad_frame', `The provider resumed ${body.requestHash}, not ${requestHash}.`)
  } catch (thrown) {
    stream?.abort(toAriaError(thrown))
    return undefined
  }
}
