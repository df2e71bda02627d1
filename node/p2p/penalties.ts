import { AriaError, type ErrorCode } from '@aria/sdk/protocol'

/** One fault may be a bug or a wrong setting; this many in a row are neither worth our time nor an accident. */
export const FAULTS_MAX = 8
export const FAULTS_WINDOW_MS = 600_000
export const BAN_MS = 600_000
/** Peers remembered; the one whose last fault is oldest is forgiven first. */
export const FAULTY_PEERS_MAX = 4_096

/** What only a peer itself can have caused, by a bug or on purpose. Everything else may be the network's, the chain's or ours. */
export const PEER_FAULTS: ReadonlySet<ErrorCode> = new Set([
  'bad_frame',
  'frame_too_large',
  'bad_signature',
  'wrong_payee',
  'voucher_stale',
  'request_replayed',
])

/** Counts the faults of each peer and turns away who has too many of them. */
export interface Penalties {
  /** Returns whether the error was the peer's fault. */
  record(peer: string, code: ErrorCode): boolean
  /** @throws AriaError `peer_banned` with `retryAfterMs`. */
  check(peer: string): void
}

export function penalties(nowMs: () => number = Date.now): Penalties {
  const faults = new Map<string, { count: number; sinceMs: number; bannedUntilMs: number }>()
  return {
    record: (peer, code) => {
      if (!PEER_FAULTS.has(code)) return false
      const now = nowMs()
      const before = faults.get(peer)
      const isFresh = before !== undefined && now - before.sinceMs < FAULTS_WINDOW_MS
      const { count, sinceMs } = isFresh ? before : { count: 0, sinceMs: now }
      const isBanned = count + 1 >= FAULTS_MAX
      faults.delete(peer)
      faults.set(peer, {
        ...(isBanned ? { count: 0, sinceMs: now } : { count: count + 1, sinceMs }),
        bannedUntilMs: isBanned ? now + BAN_MS : (before?.bannedUntilMs ?? 0),
      })
      if (faults.size > FAULTY_PEERS_MAX) faults.delete(faults.keys().next().value!)
      return true
    },
    check: peer => {
      const retryAfterMs = (faults.get(peer)?.bannedUntilMs ?? 0) - nowMs()
      if (retryAfterMs <= 0) return
      throw new AriaError('peer_banned', `Peer ${peer} broke the rules ${FAULTS_MAX} times.`, {
        facts: { retryAfterMs },
        hint: `Wait ${Math.ceil(retryAfterMs / 1000)} s, and check the deployment, the key and the version of the client.`,
      })
    },
  }
}
