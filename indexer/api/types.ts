/**
 * What the indexer's HTTP API answers; the dashboard imports these types and nothing else of the indexer.
 * Amounts are wei as decimal strings; times are Unix seconds; hashes and addresses lower-case hex.
 */
export type Hex = `0x${string}`
export type Wei = string

/** GET /api/network */
export interface NetworkView {
  chainId: number
  network: string
  head: { block: number; time: number }
  /** Blocks the index is behind the chain's head; null while the chain cannot be reached. */
  lagBlocks: number | null
  epoch: { number: number; start: number; end: number; seconds: number }
  totals: {
    providersOnline: number
    providersStaked: number
    staked: Wei
    requests: number
    inputTokens: number
    outputTokens: number
    deposited: Wei
    redeemed: Wei
    burned: Wei
    rewardsClaimed: Wei
    auditsPassed: number
    auditsFailed: number
  }
  contracts: Record<'token' | 'models' | 'staking' | 'escrow' | 'beacon' | 'audits' | 'rewards', Hex>
  /** Every balance that rests in Escrow, adding up to the contract's token balance to the wei. */
  moneyAtRest: { channels: Wei; owedToProviders: Wei; unburnedFees: Wei; refunds: Wei; escrowBalance: Wei }
}

/** One point of GET /api/network/series (per epoch, oldest first, at most 200). */
export interface EpochPoint {
  epoch: number
  end: number
  outputTokens: number
  requests: number
  redeemed: Wei
  burned: Wei
  rewards: Wei
}

export type AuditState = 'none' | 'passed' | 'failed'

/** GET /api/providers */
export interface ProviderSummary {
  operator: Hex
  node: Hex
  /** An unexpired signed offer was heard. */
  online: boolean
  stake: Wei
  modelId: Hex | null
  modelName: string | null
  pricePerInputToken: Wei | null
  pricePerOutputToken: Wei | null
  slotsFree: number | null
  /** Median score of the newest finalized epoch; null before the first. */
  score: number | null
  requests: number
  outputTokens: number
  /** Net of the burned fee, vouchers redeemed so far. */
  earned: Wei
  rewards: Wei
  audit: AuditState
}

/** GET /api/providers/:operator */
export interface ProviderDetail extends ProviderSummary {
  payout: Hex
  unbonding: Wei
  unbondEnd: number | null
  /** Redeemed and not yet paid out of Escrow. */
  owed: Wei
  multiaddrs: string[]
  epochs: ProviderEpoch[]
  audits: AuditView[]
  /** Receipts that it published and that failed a check (signature, channel, counts, times): shown, never counted. */
  refusedReceipts?: { count: number; newestReason: string | null }
}

export interface ProviderEpoch {
  epoch: number
  end: number
  requests: number
  outputTokens: number
  redeemed: Wei
  fee: Wei
  reward: Wei
  root: Hex | null
  score: number | null
  finalized: boolean
  claimed: boolean
}

/** GET /api/audits?operator=&limit= : a plain array, newest epoch first. */
export interface AuditView {
  epoch: number
  operator: Hex
  verifier: Hex
  time: number
  sampled: number
  passed: number
  failed: number
  score: number
  /** First reason of a failure, in words: which receipt, which position, both tokens. */
  reason: string | null
  onChain: 'pending' | 'committed' | 'revealed' | 'missed'
}

/** GET /api/requests?operator=&before=&limit= : public receipts, newest first. */
export interface RequestView {
  receiptHash: Hex
  requestId: Hex
  operator: Hex
  node: Hex
  modelName: string | null
  inputTokens: number
  outputTokens: number
  /** What this request cost: exact tokens × locked price. */
  cost: Wei
  finish: 'stop' | 'length' | 'cancelled' | 'error' | 'voucher_timeout' | 'context_full'
  startedAt: number
  endedAt: number
  epoch: number
  /** signed: receipt seen; committed: under the epoch's root on chain; passed/failed: re-executed. */
  state: 'signed' | 'committed' | 'passed' | 'failed'
  failure: string | null
}

export interface Page<T> {
  items: T[]
  /** Pass as `before` for the next page; null at the end. */
  next: string | null
}

/** GET /api/events (server-sent): `event: change`, one of these; the dashboard refetches what it shows. */
export interface ChangeEvent {
  kind: 'block' | 'request' | 'redeemed' | 'offer' | 'audit' | 'reward' | 'epoch'
  block: number
  time: number
}

/** Any error: HTTP status as usual, body { error: { code, message, hint } }. */
export interface ErrorBody {
  error: { code: string; message: string; hint: string | null }
}

/** GET /api/health: 200 while the index follows the chain, 503 while it cannot. */
export interface HealthView {
  ok: boolean
  /** The index's own block; null before it first met its chain. */
  block: number | null
  headBlock: number | null
  lagBlocks: number | null
  failure: ErrorBody['error'] | null
}
