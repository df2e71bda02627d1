import { framed, type Host, type KnownOffer, offerAddresses } from '../../p2p/index.ts'
import {
  AriaError,
  decodeJobMessage,
  encodeJobMessage,
  JOB_PROTOCOL,
  type JobMessage,
  type JobMessageOf,
  toAriaError,
} from '../../protocol/index.ts'
import { CLOSE_TIMEOUT_MS } from '../limits.ts'
import { rejection } from './rejection.ts'

/** One /aria/job/1 stream from the client's side: typed messages, every wait bounded. */
export interface JobStream {
  send(message: JobMessage): Promise<void>
  /** Next message of one of `types`; a reject becomes its error, anything else is the provider's fault. */
  next<T extends JobMessage['type']>(types: readonly T[], wait: Wait): Promise<JobMessageOf<T>>
  /** @throws whatever ended the stream on our side: nothing may be promised on it any more. */
  assertOpen(): void
  /** From now on everything must be over within `ms`. */
  endWithin(ms: number): void
  close(): Promise<void>
  abort(reason: AriaError): void
}

export interface Wait {
  ms: number
  /** Completes "The provider sent no …". */
  what: string
}

/** @throws AriaError `provider_failed` (not reachable), `provider_timeout`, `bad_offer`. */
export async function openJobStream(
  host: Host,
  offer: KnownOffer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<JobStream> {
  const addresses = offerAddresses(offer)
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    const stream = await host.dialProtocol(addresses, JOB_PROTOCOL, {
      signal: AbortSignal.any([signal, limit]),
    })
    return jobStream(framed(stream))
  } catch (cause) {
    if (signal.aborted) throw new AriaError('cancelled', 'The request was cancelled while it connected.')
    const code = limit.aborted ? 'provider_timeout' : 'provider_failed'
    const reason = cause instanceof Error ? cause.message : String(cause)
    const what = limit.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached: ${reason}`
    throw new AriaError(code, `Provider ${offer.node} ${what}.`, {
      facts: { node: offer.node, addresses: addresses.map(String), unreachable: !limit.aborted },
      cause,
    })
  }
}

/** The stream is gone, and nobody broke a rule: the provider may still be there. */
function disconnected(message: string, cause?: unknown): AriaError {
  return new AriaError('provider_failed', message, { facts: { disconnected: true }, cause })
}

export function isDisconnection({ facts }: AriaError): boolean {
  return facts['disconnected'] === true
}

/** Refused at once: nothing was promised, and no time was lost. */
export function isUnreachable({ facts }: AriaError): boolean {
  return facts['unreachable'] === true
}

/** What libp2p throws is a broken stream; our own errors say what the provider did. */
function broken(thrown: unknown): AriaError {
  if (thrown instanceof AriaError) return thrown
  return disconnected(toAriaError(thrown).message, thrown)
}

function jobStream(frames: ReturnType<typeof framed>): JobStream {
  let failure: AriaError | undefined
  let finalTimer: NodeJS.Timeout | undefined

  function abort(reason: AriaError): void {
    failure ??= reason
    clearTimeout(finalTimer)
    frames.abort(failure)
  }

  function timeUp(what: string, ms: number): AriaError {
    return new AriaError('provider_timeout', `The provider sent no ${what} within ${ms} ms.`, {
      facts: { waitedMs: ms, missing: what },
    })
  }

  async function read({ ms, what }: Wait): Promise<JobMessage> {
    const timer = setTimeout(() => abort(timeUp(what, ms)), ms)
    try {
      const frame = await frames.read()
      if (frame !== undefined) return decodeJobMessage(frame)
      throw failure ?? disconnected(`The provider ended the stream before its ${what}.`)
    } catch (thrown) {
      throw failure ?? broken(thrown)
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    abort,
    assertOpen() {
      if (failure !== undefined) throw failure
    },
    async send(message) {
      try {
        await frames.write(encodeJobMessage(message))
      } catch (thrown) {
        throw failure ?? broken(thrown)
      }
    },
    async next<T extends JobMessage['type']>(types: readonly T[], wait: Wait) {
      const message = await read(wait)
      if (message.type === 'reject') throw rejection(message.body)
      const fits = (types as readonly string[]).includes(message.type)
      if (fits) return message as unknown as JobMessageOf<T>
      throw new AriaError('bad_frame', `The provider sent "${message.type}" instead of its ${wait.what}.`)
    },
    endWithin(ms) {
      clearTimeout(finalTimer)
      finalTimer = setTimeout(() => abort(timeUp('receipt', ms)), ms)
    },
    async close() {
      clearTimeout(finalTimer)
      const timer = setTimeout(() => abort(timeUp('close', CLOSE_TIMEOUT_MS)), CLOSE_TIMEOUT_MS)
      await frames.close().catch(() => {}) // Everything that matters was received: a torn-down stream is closed too.
      clearTimeout(timer)
    },
  }
}
