import type { FramedStream } from '@aria/sdk/p2p'
import { type AriaError, toAriaError } from '@aria/sdk/protocol'
import type { JobComponents } from './context.ts'
import { LINGER_FRAMES_MAX, LINGER_MS } from './limits.ts'
import type { JobMessages } from './messages.ts'

/** Says why, gives the peer a moment to read it, and ends the stream. */
export async function refuse(
  stream: FramedStream,
  messages: JobMessages,
  thrown: unknown,
  peer: string,
  { log, metrics, penalties, stopping }: JobComponents,
): Promise<void> {
  const error = toAriaError(thrown, 'provider_failed')
  metrics.count('aria_requests_rejected_total')
  if (penalties.record(peer, error.code)) metrics.count('aria_peer_violations_total')
  log.debug({ code: error.code, reason: error.message }, 'Stream refused')
  try {
    if (error.code === 'cancelled') throw error // Nobody is there to read a reason.
    await messages.write({ type: 'reject', body: rejectBody(error) })
    await stream.close()
    await linger(stream, stopping)
  } catch {
    // The peer is gone; the abort below is all that is left to do.
  }
  stream.abort(error)
}

/** Resetting at once could overtake the reason on its way; the peer's own close ends the wait. */
async function linger(stream: FramedStream, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(LINGER_MS), stopping])
  for (let frames = 0; frames < LINGER_FRAMES_MAX; frames++) {
    if ((await stream.read({ signal })) === undefined) return
  }
}

function rejectBody(error: AriaError): { code: string; message: string; retryAfterMs: number } {
  const isOurs = error.code === 'provider_failed' || error.code === 'internal'
  const { retryAfterMs } = error.facts
  return {
    code: isOurs ? 'provider_failed' : error.code,
    // Our own failures are described in our log, not to strangers.
    message: isOurs ? 'The provider failed.' : error.message.slice(0, 400),
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0,
  }
}
