import type { KnownOffer } from '@aria/sdk/p2p'
import {
  AriaError,
  type Deployment,
  epochAt,
  type PublicReceipt,
  type ReceiptsReply,
  toAriaError,
} from '@aria/sdk/protocol'
import type { Database } from '../db/open.ts'
import { receiptFeeds, receipts } from '../db/schema/index.ts'
import { chainSides, type SidesOf } from './chain-sides.ts'
import { checkReceipt } from './check-receipt.ts'

type Item = ReceiptsReply['items'][number]

export interface Feed {
  cursor: bigint
  refused: number
  failure: string | null
}

export interface StoreComponents {
  db: Database
  deployment: Deployment
  now: number
}

/** A deposit is on chain before its request; the index may be a moment behind, but not this long. */
const CHANNEL_PATIENCE_SECONDS = 60

/**
 * Checks a page and stores what holds, together with the feed's new place. What does not hold is counted against the
 * provider. Returns how many receipts are new, and the feed.
 */
export async function storeReceipts(
  components: StoreComponents,
  offer: KnownOffer,
  feed: Feed,
  items: readonly Item[],
): Promise<{ added: number; feed: Feed }> {
  const { db, deployment, now } = components
  const published = items.map(({ item }) => item)
  const { engineMajor } = offer.offer
  const sidesOf = await chainSides(db, offer, published, { deployment, engineMajor, now })
  const rows: (typeof receipts.$inferInsert)[] = []
  let { cursor, refused, failure } = feed
  for (const { cursor: place, item } of items) {
    try {
      rows.push(await rowOf(components, offer, sidesOf, place, item))
    } catch (thrown) {
      const error = toAriaError(thrown)
      if (error.code === 'not_found') break // Its channel is not indexed yet: go on from here next time.
      if (error.code !== 'bad_receipt' && error.code !== 'bad_signature') throw error
      refused++
      failure = `Receipt ${place}: ${error.message}`
    }
    cursor = place
  }
  return await db.transaction(async tx => {
    const stored =
      rows.length === 0
        ? []
        : await tx
            .insert(receipts)
            .values(rows)
            .onConflictDoNothing()
            .returning({ hash: receipts.receiptHash })
    const next = { cursor, refused, failure }
    const state = { ...next, checkedAt: now }
    await tx
      .insert(receiptFeeds)
      .values({ node: offer.node, ...state })
      .onConflictDoUpdate({ target: receiptFeeds.node, set: state })
    return { added: stored.length, feed: next }
  })
}

async function rowOf(
  { deployment, now }: StoreComponents,
  { offer }: KnownOffer,
  sidesOf: SidesOf,
  place: bigint,
  item: PublicReceipt,
): Promise<typeof receipts.$inferInsert> {
  const { receipt, request } = item
  const sides = sidesOf(item)
  if (sides === undefined) {
    const isNew = receipt.endedAt > now - CHANNEL_PATIENCE_SECONDS
    throw new AriaError(
      isNew ? 'not_found' : 'bad_receipt',
      `The channel ${request.channelId} is not on chain.`,
    )
  }
  const { receiptHash, requestHash, node } = await checkReceipt(item, sides)
  return {
    ...request,
    ...receipt,
    receiptHash,
    requestHash,
    operator: offer.operator,
    node,
    feedCursor: place,
    epoch: epochAt(receipt.endedAt, deployment),
    receiptSignature: item.receiptSignature,
    requestSignature: item.requestSignature,
  }
}
