import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { AriaError } from '../protocol/index.ts'
import type { KnownOffer } from './offers.ts'

/** Every address ends in the offer's own peer id, so Noise proves that the node that signed the offer answers. */
export function offerAddresses({ offer, peer, node }: KnownOffer): Multiaddr[] {
  const suffix = `/p2p/${peer}`
  const addresses: Multiaddr[] = []
  for (const text of offer.multiaddrs) {
    const named = /\/p2p\/([^/]+)$/.exec(text)?.[1]
    if (named !== undefined && named !== peer.toString()) continue
    try {
      addresses.push(multiaddr(named === undefined ? text + suffix : text))
    } catch {
      // An address kind this version does not know: the others may work.
    }
  }
  if (addresses.length > 0) return addresses
  throw new AriaError('bad_offer', `Provider ${node} announced no address that leads to it.`, {
    facts: { multiaddrs: offer.multiaddrs, peer: peer.toString() },
  })
}
