import { type FramedStream, framed, type Host, type KnownOffer, offerAddresses } from '@aria/sdk/p2p'
import { AriaError, toAriaError } from '@aria/sdk/protocol'

/** One question to a provider, answered by frames on the same stream. */
export interface Question {
  host: Host
  offer: KnownOffer
  protocol: string
  request: Uint8Array
  signal: AbortSignal
}

/**
 * Asks and hands the stream to `read`. Whatever goes wrong ends the stream.
 * @throws AriaError `provider_failed` when the provider cannot be reached or breaks off, `bad_frame` when it babbles.
 */
export async function ask<T>(question: Question, read: (stream: FramedStream) => Promise<T>): Promise<T> {
  const stream = await open(question)
  try {
    await stream.write(question.request, { signal: question.signal })
    const answer = await read(stream)
    await stream.close()
    return answer
  } catch (thrown) {
    // A mistake in our own code must never count against the provider.
    const isOurs = thrown instanceof TypeError || thrown instanceof RangeError
    const error = toAriaError(thrown, isOurs ? 'internal' : 'provider_failed')
    stream.abort(error)
    throw error
  }
}

async function open({ host, offer, protocol, signal }: Question): Promise<FramedStream> {
  const addresses = offerAddresses(offer)
  try {
    return framed(await host.dialProtocol(addresses, protocol, { signal }))
  } catch (cause) {
    throw new AriaError('provider_failed', `Provider ${offer.node} cannot be reached: ${reasonOf(cause)}`, {
      facts: { node: offer.node, addresses: addresses.map(String) },
      cause,
    })
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
