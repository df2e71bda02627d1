import { ENGINE_MAJOR, type LoadOptions, loadModel as loadEngine, type Model } from '@aria/engine'
import { createHost, type Host, watchOffers } from '@aria/sdk/p2p'
import {
  type Address,
  AriaError,
  deployed as deployedOf,
  epochAt,
  type Hex,
  keySigner,
  PROMPT_TOKENS_MAX,
  toAriaError,
} from '@aria/sdk/protocol'
import { every } from './beat.ts'
import { auditsReader } from './chain/audits.ts'
import { channelReader } from './chain/channels.ts'
import { connectChain } from './chain/client.ts'
import { chainClock } from './chain/clock.ts'
import { outbox as createOutbox, type Outbox } from './chain/outbox.ts'
import { recentChannels } from './chain/recent.ts'
import { requireRegistration } from './chain/registration.ts'
import { type Closing, closing } from './closing.ts'
import type { ProviderConfig } from './config.ts'
import { keepRoots } from './epochs/roots.ts'
import { modelManifest } from './inference/manifest.ts'
import { scheduler as createScheduler } from './inference/scheduler.ts'
import { createLog, type Log } from './observe/log.ts'
import { type Counter, createMetrics } from './observe/metrics.ts'
import type { JobComponents, ServedModel } from './p2p/job/context.ts'
import { QUOTE_PEERS_MAX, QUOTES_BURST, QUOTES_PER_SECOND, VOUCHER_TIMEOUT_MS } from './p2p/job/limits.ts'
import { rateLimit } from './p2p/job/rate.ts'
import { resumables } from './p2p/job/resumables.ts'
import { CACHE_PAGE_TOKENS } from './p2p/job/share.ts'
import { announceOffers } from './p2p/offers.ts'
import { penalties } from './p2p/penalties.ts'
import { serveProtocols } from './p2p/server.ts'
import { collector as createCollector } from './payments/collector.ts'
import { openDatabase } from './payments/database.ts'
import { receiptStore } from './payments/receipts.ts'
import { voucherStore } from './payments/vouchers.ts'
import { watchtowerPush } from './watchtower/push.ts'

const CLOCK_INTERVAL_MS = 2_000
const COLLECT_INTERVAL_MS = 2_000
/** A local epoch leaves seconds to commit its root. */
const ROOTS_INTERVAL_MS = 1_000
const GAS_INTERVAL_MS = 60_000
/** What a lost disk can cost, when a watchtower is used: the vouchers of this time. */
const PUSH_INTERVAL_MS = 10_000
const FORGET_INTERVAL_MS = 60_000
const METRICS_INTERVAL_MS = 60_000
/** A few hundred transactions at a price of 1 gwei. */
const GAS_WEI_MIN = 10n ** 16n
/** A request id must not come back while a receipt of it can still be challenged; then one day more. */
const JOBS_KEEP_EXTRA_SECONDS = 86_400

/** What a caller may replace; everything else is real. */
export interface ProviderComponents {
  loadModel?: (path: string, options: LoadOptions) => Promise<Model>
  log?: Log
  voucherTimeoutMs?: number
}

export interface ProviderInfo {
  peerId: string
  multiaddrs: string[]
  node: Address
  operator: Address
  modelId: Hex
}

export interface Provider {
  readonly info: ProviderInfo
  metrics(): Readonly<Record<Counter, number>>
  /** Redeems every voucher now, without waiting for the policy. */
  collect(): Promise<void>
  close(): Promise<void>
}

/** Builds a provider from its configuration, top to bottom, and serves until closed. */
export async function startProvider(
  config: ProviderConfig,
  components: ProviderComponents = {},
): Promise<Provider> {
  const resources = closing()
  try {
    return await build(config, components, resources)
  } catch (thrown) {
    await resources.run().catch(() => {}) // The first failure is the one to report.
    throw thrown
  }
}

async function build(
  config: ProviderConfig,
  {
    loadModel = loadEngine,
    log = createLog(config.logLevel, 'provider'),
    voucherTimeoutMs,
  }: ProviderComponents,
  resources: Closing,
): Promise<Provider> {
  const { deployment, operator, payee, dataDir } = config
  const deployed = deployedOf(deployment)
  const signer = keySigner(config.nodeKey)
  const metrics = createMetrics()
  const stopping = new AbortController()

  const database = openDatabase(dataDir, deployment)
  resources.add(() => database.close())
  const vouchers = voucherStore(database)
  const receipts = receiptStore(database)

  const chain = await connectChain(config.rpcUrl, deployment)
  const clock = chainClock(chain)
  const channels = recentChannels(channelReader(chain, config.creditHead), {
    bestTotal: channel => vouchers.account(channel)?.best?.total ?? 0n,
  })
  const onOutcome = channels.forget
  const outbox = createOutbox({ chain, database, privateKey: config.nodeKey, log, onOutcome })
  await clock.sync()

  const { id: modelId } = await modelManifest(config.modelPath, { cacheDir: dataDir })
  await requireRegistration(chain, { node: signer.address, operator, modelId })
  const audits = auditsReader(chain, operator, modelId, config.creditHead)
  const { threads, priority, cacheBytes } = config
  const engine = await loadModel(config.modelPath, {
    priority,
    ...(threads === undefined ? {} : { threads }),
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  })
  resources.add(() => engine.close())
  const { pages } = engine.stats()
  const model: ServedModel = {
    id: modelId,
    engineMajor: ENGINE_MAJOR,
    contextMax: Math.min(engine.info.contextLength, PROMPT_TOKENS_MAX, pages * CACHE_PAGE_TOKENS),
    engine,
  }
  const scheduler = createScheduler({ slots: config.slots, queue: config.queue, pages })
  const prices = {
    perInputToken: config.pricePerInputToken,
    perOutputToken: config.pricePerOutputToken,
    depositMin: config.channelMin,
  }
  const claims = { region: config.region, energy: config.energy }

  const host = await listen(config)
  resources.add(() => host.stop())
  // A provider relays its neighbours' offers, so that the market needs no centre.
  const book = watchOffers({ host, deployed })
  resources.add(() => book.close())
  const slotsFree = () => scheduler.slotsFree()
  const offers = { host, deployed, signer, operator, payee, model, prices, claims, clock, slotsFree, log }
  const offer = await announceOffers(offers)
  resources.add(() => offer.stop())

  const jobs: JobComponents = {
    ...{ deployed, signer, payee, model, prices, scheduler, vouchers, channels, clock, log, metrics },
    offerHash: offer.hash,
    epochOf: timeSeconds => epochAt(timeSeconds, deployment),
    quoteRate: rateLimit({ perSecond: QUOTES_PER_SECOND, burst: QUOTES_BURST, peersMax: QUOTE_PEERS_MAX }),
    penalties: penalties(),
    busyChannels: new Set(),
    resumables: resumables(),
    stopping: stopping.signal,
    voucherTimeoutMs: voucherTimeoutMs ?? VOUCHER_TIMEOUT_MS,
  }
  const recovered = vouchers.closeOpenJobs()
  if (recovered > 0) log.warn({ recovered }, 'Jobs of an earlier run were cut off; their last vouchers count')
  const server = await serveProtocols({ host, jobs, receipts, audits: { isDrawn: audits.isDrawn } })
  resources.add(() => server.close())

  const collector = createCollector({
    ...{ vouchers, channels, outbox, payee, log, metrics },
    escrow: deployment.contracts.escrow,
    redeemAfterMs: config.redeemAfterMs,
    ariaPerEth: config.ariaPerEth,
  })
  const roots = { deployment, receipts, audits, outbox, clock, log }
  const forget = async () => vouchers.forgetJobs(Date.now() - 1000 * jobsKeepSeconds(config))
  const { watchtower } = config
  const push =
    watchtower &&
    watchtowerPush({
      ...{ url: watchtower.url, tower: watchtower.publicKey, vouchers, payee, deployed, signer, log },
    })
  await warnWhenGasIsLow(outbox, log)
  for (const beat of [
    every(CLOCK_INTERVAL_MS, 'clock', log, () => clock.sync()),
    every(COLLECT_INTERVAL_MS, 'collector', log, () => collector.beat()),
    every(ROOTS_INTERVAL_MS, 'roots', log, () => keepRoots(roots)),
    every(GAS_INTERVAL_MS, 'gas', log, () => warnWhenGasIsLow(outbox, log)),
    every(FORGET_INTERVAL_MS, 'forget', log, forget),
    ...(push === undefined ? [] : [every(PUSH_INTERVAL_MS, 'watchtower', log, push)]),
    every(METRICS_INTERVAL_MS, 'metrics', log, async () => log.info(metrics.read(), 'Counters')),
  ]) {
    resources.add(() => beat.stop())
  }
  // Closed first: running jobs end with a signed receipt before anything under them goes away.
  resources.add(() => stopping.abort(new AriaError('provider_failed', 'The node is stopping.')))

  const info = describe(host, { node: signer.address, operator, modelId })
  log.info({ ...info, payee, slots: config.slots, kernels: engine.info.kernels }, 'Provider serves')
  return { info, metrics: metrics.read, collect: collector.collect, close: resources.run }
}

/** @throws AriaError `bad_config` when an address cannot be listened on. */
async function listen({ nodeKey, listen, bootstrap }: ProviderConfig): Promise<Host> {
  try {
    return await createHost({ privateKey: nodeKey, listen, bootstrap })
  } catch (cause) {
    throw new AriaError(
      'bad_config',
      `Cannot listen on ${listen.join(', ')}: ${toAriaError(cause).message}`,
      {
        facts: { listen },
        hint: 'Set ARIA_LISTEN to a free address such as /ip4/127.0.0.1/tcp/4641.',
        cause,
      },
    )
  }
}

function describe(host: Host, rest: Omit<ProviderInfo, 'peerId' | 'multiaddrs'>): ProviderInfo {
  return { peerId: host.peerId.toString(), multiaddrs: host.getMultiaddrs().map(String), ...rest }
}

function jobsKeepSeconds({ deployment }: ProviderConfig): number {
  return deployment.params.challengeSeconds + JOBS_KEEP_EXTRA_SECONDS
}

async function warnWhenGasIsLow(outbox: Outbox, log: Log): Promise<void> {
  const balance = await outbox.gasBalance()
  if (balance >= GAS_WEI_MIN) return
  const hint = `Send ETH for gas to the node key ${outbox.address}.`
  log.warn({ balance, needed: GAS_WEI_MIN, hint }, 'The node key can hardly pay for transactions')
}
