import type { KnownOffer, OfferBook } from '@aria/sdk/p2p'
import type { Database } from '../db/open.ts'
import { nodeKeys } from '../queries/nodes.ts'

/**
 * Current offers whose node is the operator's registered key. A node signs what it likes; that it speaks for an
 * operator is for the chain to say, else anyone could answer audits in a provider's name.
 */
export async function registeredOffers(db: Database, book: OfferBook): Promise<KnownOffer[]> {
  const keys = await nodeKeys(db)
  const inUse = new Set(keys.filter(key => key.until === undefined).map(key => `${key.node} ${key.operator}`))
  return book.current().filter(({ node, offer }) => inUse.has(`${node} ${offer.operator}`))
}
