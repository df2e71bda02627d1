import type { KnownOffer } from '../../p2p/index.ts'
import type { Address, AriaError, ErrorCode } from '../../protocol/index.ts'
import type { ProviderRecord, ProviderStore } from '../store/index.ts'

/** Weight of the newest observation in the running averages. */
const NEWEST_WEIGHT = 0.3
const SECOND_MS = 1_000
const MINUTE_MS = 60_000
/** A provider that broke the rules waits long, and twice as long each time. */
const MISBEHAVED_MS = 10 * MINUTE_MS
const MISBEHAVED_MS_MAX = 24 * 60 * MINUTE_MS
/** A provider that failed may only be unlucky. */
const FAILED_MS = 5 * SECOND_MS
const FAILED_MS_MAX = 10 * MINUTE_MS
const REFUSED_MS = 2 * SECOND_MS
const BUSY_MS_MIN = 100
const BUSY_MS_MAX = 30 * SECOND_MS

/** Whose fault an error is, and so what follows from it. */
export type Blame = 'misbehaved' | 'failed' | 'busy' | 'refused' | 'ours'

const BLAME: Partial<Record<ErrorCode, Blame>> = {
  bad_frame: 'misbehaved',
  frame_too_large: 'misbehaved',
  bad_signature: 'misbehaved',
  bad_offer: 'misbehaved',
  bad_quote: 'misbehaved',
  bad_receipt: 'misbehaved',
  provider_failed: 'failed',
  provider_timeout: 'failed',
  voucher_timeout: 'failed',
  voucher_stale: 'failed',
  busy: 'busy',
}

const OURS: readonly ErrorCode[] = [
  'cancelled',
  'client_unfunded',
  'price_too_high',
  'chain_unreachable',
  'chain_rejected',
  'storage_locked',
  'internal',
]

export function blame(error: AriaError): Blame {
  if (error.facts['rejected'] === true) return error.code === 'busy' ? 'busy' : 'refused'
  if (OURS.includes(error.code)) return 'ours'
  return BLAME[error.code] ?? 'refused'
}

export interface Reputation {
  record(node: Address): ProviderRecord | undefined
  served(offer: KnownOffer, speed: { firstTokenMs?: number; tokensPerSecond?: number }): void
  /** Remembers the failure and how long to avoid the provider for it. */
  failed(offer: KnownOffer, error: AriaError): void
}

export function reputation(providers: ProviderStore, nowMs: () => number): Reputation {
  function current({ node, offer }: KnownOffer): ProviderRecord {
    const none = { served: 0, failed: 0, strikes: 0, firstTokenMs: undefined, tokensPerSecond: undefined }
    return (
      providers.get(node) ?? { node, operator: offer.operator, ...none, avoidUntilMs: 0, avoidReason: '' }
    )
  }

  return {
    record: node => providers.get(node),
    served(offer, { firstTokenMs, tokensPerSecond }) {
      const before = current(offer)
      providers.put({
        ...before,
        served: before.served + 1,
        failed: 0,
        firstTokenMs: average(before.firstTokenMs, firstTokenMs),
        tokensPerSecond: average(before.tokensPerSecond, tokensPerSecond),
      })
    },
    failed(offer, error) {
      const before = current(offer)
      const kind = blame(error)
      if (kind === 'ours') return
      const strikes = before.strikes + (kind === 'misbehaved' ? 1 : 0)
      const failed = before.failed + (kind === 'failed' ? 1 : 0)
      const avoidUntilMs = nowMs() + avoidMs(kind, { strikes, failed }, error)
      providers.put({
        ...before,
        strikes,
        failed,
        avoidUntilMs,
        avoidReason: `${error.code}: ${error.message}`,
      })
    },
  }
}

function average(before: number | undefined, newest: number | undefined): number | undefined {
  if (before === undefined || newest === undefined) return newest ?? before
  return before * (1 - NEWEST_WEIGHT) + newest * NEWEST_WEIGHT
}

function avoidMs(
  kind: Blame,
  { strikes, failed }: { strikes: number; failed: number },
  error: AriaError,
): number {
  if (kind === 'misbehaved') return Math.min(MISBEHAVED_MS * 2 ** (strikes - 1), MISBEHAVED_MS_MAX)
  if (kind === 'failed') return Math.min(FAILED_MS * 2 ** (failed - 1), FAILED_MS_MAX)
  if (kind === 'busy') {
    const askedMs = Number(error.facts['retryAfterMs'] ?? SECOND_MS)
    return Math.min(Math.max(askedMs, BUSY_MS_MIN), BUSY_MS_MAX)
  }
  return REFUSED_MS
}
