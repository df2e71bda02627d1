import { type Address, AUDIT_POSITIONS_MAX, type Hex, samplePosition } from '@aria/sdk/protocol'

/** Samples of one provider and epoch that one auditor re-executes; bounds its work, not the draw of the others. */
export const SAMPLES_MAX = 256

/**
 * The token positions to audit, ascending and each once. The draw is the contract's (Audits.samplePosition): nobody
 * can choose it, and a long answer is hit in proportion to its length.
 */
export function samplePositions(rand: Hex, provider: Address, tokens: bigint, count: number): bigint[] {
  if (tokens === 0n) return []
  const drawn = new Set<bigint>()
  for (let sample = 0; sample < Math.min(count, SAMPLES_MAX); sample++) {
    drawn.add(samplePosition(rand, provider, sample, tokens))
  }
  return [...drawn].sort((a, b) => (a < b ? -1 : 1))
}

/** One request to a provider holds at most so many positions. */
export function inRequests(positions: readonly bigint[]): bigint[][] {
  const requests: bigint[][] = []
  for (let at = 0; at < positions.length; at += AUDIT_POSITIONS_MAX) {
    requests.push(positions.slice(at, at + AUDIT_POSITIONS_MAX))
  }
  return requests
}
