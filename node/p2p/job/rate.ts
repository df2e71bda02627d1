import { AriaError } from '@aria/sdk/protocol'

export interface RateInit {
  perSecond: number
  burst: number
  /** Peers remembered; the one that asked longest ago goes first, which only forgives it. */
  peersMax: number
  nowMs?: () => number
}

/** A token bucket per peer: a quote costs us a signature, so nobody gets them without end. */
export interface RateLimit {
  /** @throws AriaError `busy` with `retryAfterMs`. */
  take(peer: string): void
}

export function rateLimit({ perSecond, burst, peersMax, nowMs = Date.now }: RateInit): RateLimit {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take: peer => {
      const now = nowMs()
      const { left, atMs } = buckets.get(peer) ?? { left: burst, atMs: now }
      const refilled = Math.min(burst, left + ((now - atMs) * perSecond) / 1000)
      buckets.delete(peer)
      buckets.set(peer, { left: Math.max(0, refilled - 1), atMs: now })
      if (buckets.size > peersMax) buckets.delete(buckets.keys().next().value!)
      if (refilled >= 1) return
      const retryAfterMs = Math.ceil(((1 - refilled) * 1000) / perSecond)
      throw new AriaError('busy', `A peer gets at most ${perSecond} quotes a second.`, {
        facts: { retryAfterMs },
        hint: `Ask again in ${retryAfterMs} ms.`,
      })
    },
  }
}
