import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createHost } from '@aria/sdk/p2p'
import { deployed, toHex } from '@aria/sdk/protocol'
import type { Logger } from 'pino'
import { createApp } from './api/app.ts'
import { serveHttp } from './api/server.ts'
import { publicClient } from './chain.ts'
import { changes as makeChanges } from './changes.ts'
import type { Config } from './config.ts'
import { openDb } from './db/open.ts'
import { ingest as makeIngest } from './ingest/ingest.ts'
import { followReceipts } from './network/follow-receipts.ts'
import { keepOffers } from './network/offers.ts'

export interface Indexer {
  readonly url: string
  /** Rejects when the index can never go on (`wrong_chain`); stays pending otherwise. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

const webRoot = fileURLToPath(new URL('../web/dist', import.meta.url))

/** Builds and starts the whole graph, top to bottom; stops it in the reverse order. */
export async function startIndexer(config: Config, log: Logger): Promise<Indexer> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    const { deployment } = config
    const { db, close } = await openDb(config.databaseUrl)
    stops.push(close)

    const changes = makeChanges()
    const client = publicClient(config.rpcUrl)
    const ingest = makeIngest({ db, client, deployment, changes, log })
    ingest.start()
    stops.push(() => ingest.stop())

    // The observer only listens, so a new identity at each start is as good as any.
    const host = await createHost({ privateKey: toHex(randomBytes(32)), bootstrap: config.bootstrap })
    stops.push(async () => host.stop())
    const offers = keepOffers({ host, deployed: deployed(deployment), db, ingest, changes, log })
    stops.push(() => offers.stop())
    const { book } = offers
    const receipts = followReceipts({ host, book, db, deployment, ingest, changes, log })
    stops.push(() => receipts.stop())

    const app = createApp({ db, deployment, ingest, changes, modelName: () => null, log, webRoot })
    const server = await serveHttp(app, config)
    stops.push(() => server.stop())
    return { url: server.url, done: ingest.done, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}
