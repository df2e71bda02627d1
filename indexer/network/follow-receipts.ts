import type { Host, KnownOffer, OfferBook } from '@aria/sdk/p2p'
import { type Deployment, epochAt, RECEIPTS_PAGE_MAX, toAriaError } from '@aria/sdk/protocol'
import { eq } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import type { Database } from '../db/open.ts'
import { receiptFeeds } from '../db/schema/index.ts'
import { every, type Loop } from '../every.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { registeredOffers } from './known-offers.ts'
import { pullPage } from './pull-receipts.ts'
import { matchRoots } from './roots.ts'
import { type Feed, storeReceipts } from './store-receipts.ts'

const ROUND_MS = 2_000
/** Pages of one provider per round, so that a busy one does not starve the rest. */
const PAGES_MAX = 10
/** A root whose receipts did not turn up within so many epochs is looked at again only after a restart. */
const ROOT_EPOCHS = 4
/** Providers asked at once. */
const ASKED_AT_ONCE = 8

export interface ReceiptFollowerComponents {
  host: Host
  book: OfferBook
  db: Database
  deployment: Deployment
  ingest: Pick<Ingest, 'status' | 'now'>
  changes: Changes
  log: Logger
}

/** Reads the public receipts of every provider whose offer is heard, for as long as it is heard. */
export function followReceipts(components: ReceiptFollowerComponents): Loop {
  const { ingest, deployment, log } = components
  // The first round looks at all roots, for what happened while we were away.
  let rootsSince = 0
  return every(
    ROUND_MS,
    async signal => {
      await round(components, rootsSince, signal)
      rootsSince = Math.max(0, epochAt(ingest.now(), deployment) - ROOT_EPOCHS)
    },
    thrown => log.error({ err: toAriaError(thrown) }, 'Receipts not followed'),
  )
}

async function round(
  components: ReceiptFollowerComponents,
  rootsSince: number,
  signal: AbortSignal,
): Promise<void> {
  const { db, changes, ingest } = components
  const known = await registeredOffers(db, components.book)
  let added = 0
  for (let at = 0; at < known.length; at += ASKED_AT_ONCE) {
    const group = known.slice(at, at + ASKED_AT_ONCE)
    const counts = await Promise.all(group.map(offer => followOne(components, offer, signal)))
    added += counts.reduce((sum, count) => sum + count, 0)
  }
  added += await matchRoots(db, rootsSince)
  if (added > 0) {
    changes.publish({ kind: 'request', block: ingest.status.cursor?.blockNumber ?? 0, time: ingest.now() })
  }
}

/** Never throws: one provider's trouble is its own. */
async function followOne(
  components: ReceiptFollowerComponents,
  offer: KnownOffer,
  signal: AbortSignal,
): Promise<number> {
  const { db, deployment, host, ingest, log } = components
  let added = 0
  try {
    let feed = await readFeed(db, offer)
    for (let page = 0; page < PAGES_MAX; page++) {
      const items = await pullPage(host, offer, feed.cursor, signal)
      if (items.length === 0) break
      const before = feed
      const stored = await storeReceipts({ db, deployment, now: ingest.now() }, offer, feed, items)
      feed = stored.feed
      added += stored.added
      if (feed.refused > before.refused)
        log.warn({ node: offer.node, reason: feed.failure }, 'Receipts refused')
      if (items.length < RECEIPTS_PAGE_MAX || feed.cursor === before.cursor) break
    }
  } catch (thrown) {
    if (!signal.aborted)
      log.debug({ node: offer.node, reason: toAriaError(thrown).message }, 'Receipts not read')
  }
  return added
}

async function readFeed(db: Database, { node }: KnownOffer): Promise<Feed> {
  const [feed] = await db.select().from(receiptFeeds).where(eq(receiptFeeds.node, node))
  return feed ?? { cursor: 0n, refused: 0, failure: null }
}
