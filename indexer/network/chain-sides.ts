import type { KnownOffer } from '@aria/sdk/p2p'
import { type Deployment, deployed, isPrivateSalt, type PublicReceipt } from '@aria/sdk/protocol'
import { inArray } from 'drizzle-orm'
import type { Database } from '../db/open.ts'
import { escrowDeposited } from '../db/schema/index.ts'
import { type NodeKey, nodeKeys } from '../queries/nodes.ts'
import type { ReceiptSides } from './check-receipt.ts'

export interface SidesOptions {
  deployment: Deployment
  engineMajor: number
  now: number
}

export type SidesOf = (published: PublicReceipt) => ReceiptSides | undefined

/** What the chain knows about both sides of some receipts of one provider, in two queries; undefined: no such channel. */
export async function chainSides(
  db: Database,
  { offer }: KnownOffer,
  published: readonly PublicReceipt[],
  { deployment, engineMajor, now }: SidesOptions,
): Promise<SidesOf> {
  const ids = [...new Set(published.map(({ request }) => request.channelId))]
  const [keys, deposits] = await Promise.all([
    nodeKeys(db),
    ids.length === 0 ? [] : db.select().from(escrowDeposited).where(inArray(escrowDeposited.id, ids)),
  ])
  const own = keys.filter(key => key.operator === offer.operator)
  const channels = new Map(deposits.map(deposit => [deposit.id, deposit]))
  return ({ request }) => {
    const channel = channels.get(request.channelId)
    if (channel === undefined) return undefined
    return {
      deployed: deployed(deployment),
      wasNodeKey: (signer, at) => own.some(key => key.node === signer && wasInUse(key, at)),
      channel: { signer: channel.signer, payee: channel.payee, isPublic: !isPrivateSalt(channel.salt) },
      payees: [offer.operator, offer.payee],
      engineMajor,
      now,
    }
  }
}

function wasInUse({ from, until }: NodeKey, atSeconds: number): boolean {
  return from <= atSeconds && (until === undefined || atSeconds < until)
}
