import { type Address, fromHex, type Hex, keccakHex } from '@aria/sdk/protocol'
import type { AuditRow } from '../db/schema/index.ts'
import type { Finding } from './check-item.ts'

export const SCORE_FULL = 100
const SCORE_NONE = 0
/** A class is one byte of the contract's ballot. */
const CAPACITY_MAX = 255

export interface Verdict {
  provider: Address
  score: number
  /** Audited throughput class: stake counts up to so many units of capacity (Audits.CAPACITY_UNIT). */
  capacity: number
  digest: Hex
  sampled: number
  passed: number
  failed: number
  reason: string | null
  findings: Finding[]
}

/** Any proven mismatch makes the score 0, never an average: honest volume cannot dilute a bad receipt. */
export function judge(verifier: Address, provider: Address, findings: readonly Finding[]): Verdict {
  const unique = [...new Map(findings.map(finding => [finding.receiptHash, finding])).values()]
  const failures = findings.filter(finding => !finding.passed)
  const [first] = failures
  const failed = new Set(failures.map(finding => finding.receiptHash)).size
  return {
    provider,
    score: first === undefined ? SCORE_FULL : SCORE_NONE,
    capacity: capacityOf(unique),
    digest: workDigest(verifier, unique),
    sampled: unique.length,
    passed: unique.length - failed,
    failed,
    reason: first === undefined ? null : `Receipt ${first.receiptHash.slice(0, 10)}…: ${first.reason}`,
    findings: unique.map(
      finding => failures.find(each => each.receiptHash === finding.receiptHash) ?? finding,
    ),
  }
}

/** A provider that does not serve a sampled public transcript scores 0. */
export function unserved(verifier: Address, provider: Address, reason: string): Verdict {
  const digest = workDigest(verifier, [])
  return {
    provider,
    score: SCORE_NONE,
    capacity: 0,
    digest,
    sampled: 0,
    passed: 0,
    failed: 0,
    reason,
    findings: [],
  }
}

/**
 * Whole tokens per second of the fastest receipt that passed, at least one: what the machine has shown it can do.
 * Receipts count whole seconds, so the time is rounded up; a longer answer measures better, never worse.
 */
function capacityOf(findings: readonly Finding[]): number {
  const rates = findings.filter(({ passed }) => passed).map(({ tokens, seconds }) => tokens / (seconds + 1))
  return Math.min(CAPACITY_MAX, Math.max(1, Math.floor(Math.max(0, ...rates))))
}

/**
 * Stands in the row's `digest` until the engine offers the keyed digest over its final hidden states (protocol 1.6).
 * It binds verifier, sampled receipts and findings, so verdicts cannot be copied between verifiers; unlike the keyed
 * digest it does not prove that the forward pass was run.
 */
export function workDigest(verifier: Address, findings: readonly Finding[]): Hex {
  const parts = findings.flatMap(({ receiptHash, passed }) => [
    fromHex(receiptHash, 32),
    Uint8Array.of(passed ? 1 : 0),
  ])
  return keccakHex(fromHex(verifier, 20), ...parts)
}

/** Rows as the contract wants them: strictly ascending by provider. */
export function rowsOf(
  verdicts: readonly Pick<Verdict, 'provider' | 'score' | 'capacity' | 'digest'>[],
): AuditRow[] {
  const rows = verdicts.map(({ provider, score, capacity, digest }) => ({
    provider,
    score,
    capacity,
    digest,
  }))
  return rows.sort((a, b) => (a.provider < b.provider ? -1 : 1))
}
