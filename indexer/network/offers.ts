import { type Host, type KnownOffer, type OfferBook, watchOffers } from '@aria/sdk/p2p'
import { type Deployed, toAriaError } from '@aria/sdk/protocol'
import { getTableColumns, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import type { Database } from '../db/open.ts'
import { offers } from '../db/schema/index.ts'
import type { Ingest } from '../ingest/ingest.ts'

/** Offers arrive one by one and are written together. */
const WRITE_INTERVAL_MS = 1_000

export interface OfferKeeperComponents {
  host: Host
  deployed: Deployed
  db: Database
  ingest: Pick<Ingest, 'status' | 'now'>
  changes: Changes
  log: Logger
}

export interface OfferKeeper {
  book: OfferBook
  stop(): Promise<void>
}

/** Listens to the market and keeps each node's newest offer in the database. */
export function keepOffers({ host, deployed, db, ingest, changes, log }: OfferKeeperComponents): OfferKeeper {
  const heard = new Map<string, KnownOffer>()
  const book = watchOffers({
    host,
    deployed,
    // Providers date their offers by the chain's clock, which may run ahead of this machine's.
    nowMs: () => ingest.now() * 1000,
    onOffer: offer => heard.set(offer.node, offer),
  })
  let writing = Promise.resolve()

  async function write(): Promise<void> {
    if (heard.size === 0) return
    const batch = [...heard.values()]
    heard.clear()
    await db.insert(offers).values(batch.map(offerRow)).onConflictDoUpdate(replaceOlder)
    changes.publish({ kind: 'offer', block: ingest.status.cursor?.blockNumber ?? 0, time: ingest.now() })
  }

  const timer = setInterval(() => {
    writing = writing
      .then(write)
      .catch(thrown => log.error({ err: toAriaError(thrown) }, 'Offers not stored'))
  }, WRITE_INTERVAL_MS)

  return {
    book,
    async stop() {
      clearInterval(timer)
      book.close()
      await writing
    },
  }
}

function offerRow({ node, signature, offer }: KnownOffer): typeof offers.$inferInsert {
  return { node, signature, ...offer }
}

const replaceOlder = {
  target: offers.node,
  set: Object.fromEntries(
    Object.entries(getTableColumns(offers)).map(([property, column]) => [
      property,
      sql.raw(`excluded."${column.name}"`),
    ]),
  ),
  setWhere: sql`excluded.sequence > ${offers.sequence}`,
}
