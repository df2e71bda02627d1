import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createHost, type OfferBook } from '@aria/sdk/p2p'
import { deployed, type Hex, toHex } from '@aria/sdk/protocol'
import type { Logger } from 'pino'
import type { PublicClient } from 'viem'
import { createApp } from './api/app.ts'
import { serveHttp } from './api/server.ts'
import { auditor } from './auditor/auditor.ts'
import { auditsContract } from './auditor/audits-contract.ts'
import { loadAuditModel, type NamedModel, nameModel } from './auditor/model.ts'
import { publicClient } from './chain.ts'
import { type Changes, changes as makeChanges } from './changes.ts'
import type { Config } from './config.ts'
import { type Database, openDb } from './db/open.ts'
import { type Ingest, ingest as makeIngest } from './ingest/ingest.ts'
import { localBeacon } from './keeper/beacon.ts'
import { keeper } from './keeper/keeper.ts'
import { followReceipts } from './network/follow-receipts.ts'
import { keepOffers } from './network/offers.ts'
import { wallet } from './wallet.ts'

export interface Indexer {
  readonly url: string
  /** Rejects when the index can never go on (`wrong_chain`); stays pending otherwise. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

/** What is to be stopped, in reverse order of its start. */
type Stops = (() => Promise<void>)[]

const webRoot = fileURLToPath(new URL('../web/dist', import.meta.url))

/** Builds and starts the whole graph, top to bottom. */
export async function startIndexer(config: Config, log: Logger): Promise<Indexer> {
  const stops: Stops = []
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

    // The observer only listens, so it takes a new identity at each start.
    const host = await createHost({ privateKey: toHex(randomBytes(32)), bootstrap: config.bootstrap })
    stops.push(async () => host.stop())
    const offers = keepOffers({ host, deployed: deployed(deployment), db, ingest, changes, log })
    stops.push(() => offers.stop())
    const { book } = offers
    const receipts = followReceipts({ host, book, db, deployment, ingest, changes, log })
    stops.push(() => receipts.stop())

    const model = await startDuties(config, { client, db, ingest, changes, book, log }, stops)
    const modelName = (id: Hex) => (id === model?.id ? model.name : null)
    const app = createApp({ db, deployment, ingest, changes, modelName, log, webRoot })
    const server = await serveHttp(app, config)
    stops.push(() => server.stop())
    return { url: server.url, done: ingest.done, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

interface DutyComponents {
  client: PublicClient
  db: Database
  ingest: Ingest
  changes: Changes
  book: OfferBook
  log: Logger
}

/** What runs only where keys were given: auditors, the keeper, the local beacon. Returns the model that is known here. */
async function startDuties(
  config: Config,
  components: DutyComponents,
  stops: Stops,
): Promise<NamedModel | undefined> {
  const { deployment, rpcUrl, beaconKey, modelPath, auditorKeys } = config
  const { client, ingest } = components
  const walletOf = (key: Hex) => wallet(rpcUrl, deployment.chainId, key)

  if (beaconKey !== undefined) {
    const beacon = localBeacon({
      client,
      deployment,
      ingest,
      wallet: walletOf(beaconKey),
      log: components.log,
    })
    stops.push(() => beacon.stop())
  }
  if (modelPath === undefined) return undefined
  if (auditorKeys.length === 0) return await nameModel(modelPath)

  const model = await loadAuditModel(modelPath)
  stops.push(() => model.engine.close())
  const contract = auditsContract(client, deployment)
  for (const [at, privateKey] of auditorKeys.entries()) {
    // Each verifier meets the providers as itself: they serve transcripts only to the peer that was drawn.
    const host = await createHost({ privateKey })
    stops.push(async () => host.stop())
    const own = walletOf(privateKey)
    const log = components.log.child({ auditor: own.address })
    const now = () => ingest.now()
    const running = auditor({ ...components, deployment, contract, host, model, wallet: own, now, log })
    stops.push(() => running.stop())
    if (at > 0) continue // What anyone may do, one of them does.
    const keeping = keeper({ ...components, deployment, wallet: own, log })
    stops.push(() => keeping.stop())
  }
  return model
}
