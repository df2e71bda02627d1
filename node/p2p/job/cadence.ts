import { CHUNK_MS, STEP_TOKENS_MAX } from './limits.ts'

/** How many tokens the next chunk should carry: each costs both sides a message, so as many as a reader does not notice. */
export interface Cadence {
  step(count: number): number
  /** So many tokens came out of the engine. */
  made(tokens: number): void
}

/** Weight of the newest step in the running mean. */
const WEIGHT = 0.3

/**
 * The first token alone and at once; then steps double while they stay within `CHUNK_MS`. Steps are powers of two that
 * divide the count so far, so that they meet every checkpoint.
 */
export function cadence(nowMs: () => number = () => performance.now()): Cadence {
  let lastMs: number | undefined
  let tokenMs: number | undefined
  return {
    step: count => {
      if (count === 0) return 1
      const aligned = count & -count
      const inTime = tokenMs === undefined ? 1 : Math.floor(CHUNK_MS / tokenMs)
      return Math.min(aligned, powerBelow(inTime), STEP_TOKENS_MAX)
    },
    made: tokens => {
      const now = nowMs()
      if (lastMs !== undefined) {
        const each = (now - lastMs) / tokens
        tokenMs = tokenMs === undefined ? each : tokenMs + (each - tokenMs) * WEIGHT
      }
      lastMs = now
    },
  }
}

/** The largest power of two up to `value`, at least 1. */
function powerBelow(value: number): number {
  return value < 2 ? 1 : 2 ** Math.floor(Math.log2(value))
}
