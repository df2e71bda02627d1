import type { Model } from '@aria/engine'
import type { Address, Deployed, Hex, Signer } from '@aria/sdk/protocol'
import type { ChannelReader } from '../../chain/channels.ts'
import type { ChainClock } from '../../chain/clock.ts'
import type { Scheduler } from '../../inference/scheduler.ts'
import type { Log } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { VoucherStore } from '../../payments/vouchers.ts'
import type { Penalties } from '../penalties.ts'
import type { RateLimit } from './rate.ts'
import type { Resumables } from './resumables.ts'
import type { RunningJob } from './running.ts'

/** The model this node sells. */
export interface ServedModel {
  id: Hex
  engineMajor: number
  contextMax: number
  engine: Model
}

export interface Prices {
  perInputToken: bigint
  perOutputToken: bigint
  /** Wei that a channel must hold before it is served. */
  depositMin: bigint
}

/** What serving a job needs; tests pass fakes for any of it. */
export interface JobComponents {
  deployed: Deployed
  /** The node key: signs quotes, checkpoints and receipts. */
  signer: Signer
  payee: Address
  model: ServedModel
  prices: Prices
  /** Hash of the newest offer, which a quote refers to. */
  offerHash(): Hex
  epochOf(timeSeconds: number): number
  scheduler: Scheduler
  vouchers: VoucherStore
  channels: Pick<ChannelReader, 'read'>
  clock: Pick<ChainClock, 'nowSeconds'>
  quoteRate: RateLimit
  penalties: Penalties
  /** Channels with a request under way: one counter, one writer. */
  busyChannels: Set<Hex>
  /** Jobs under way, and those whose clients may come back. */
  resumables: Resumables<RunningJob>
  log: Log
  metrics: Metrics
  /** Aborts when the node stops. */
  stopping: AbortSignal
  voucherTimeoutMs: number
}
