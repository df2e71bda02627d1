import { randomBytes } from 'node:crypto'
import { type Address, type EpochTimes, type Hex, toHex } from '@aria/sdk/protocol'
import type { Changes } from '../changes.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { type AttemptComponents, attempt, type Limits } from './attempt.ts'
import type { CommittedEpoch } from './audit-provider.ts'
import { type Round, readVerdicts, rootsOf, storeRound, storeVerdict } from './rounds.ts'
import { unserved, type Verdict } from './verdict.ts'

export interface DecideComponents extends AttemptComponents {
  ingest: Pick<Ingest, 'status' | 'now'>
  changes: Changes
}

export interface Deciding {
  verifier: Address
  epoch: number
  times: EpochTimes
  memory: EpochMemory
  signal: AbortSignal
}

/** What happened in one epoch without a verdict. Lives as long as the process. */
export interface EpochMemory {
  /** Why each provider did not serve, one entry per try. */
  misses: Map<Address, string[]>
  /** Providers on which this auditor can have no verdict. */
  abstained: Set<Address>
}

export function epochMemory(): EpochMemory {
  return { misses: new Map(), abstained: new Set() }
}

/** The last part of the commit window is kept for the transaction itself. */
const COMMIT_MARGIN_SHARE = 0.2
const COMMIT_MARGIN_SECONDS_MIN = 2
/** One failure may be chance; who is accused of not serving was asked again. */
const MISSES_MIN = 2

export function deadlineOf({ commitAuditFrom, commitAuditUntil }: EpochTimes): number {
  const share = (commitAuditUntil - commitAuditFrom) * COMMIT_MARGIN_SHARE
  return commitAuditUntil - Math.max(COMMIT_MARGIN_SECONDS_MIN, share)
}

/**
 * One pass over the providers that this verifier was drawn for. Returns the round once every verdict is there, or time
 * is up; undefined when another pass must follow or there is nothing to report.
 */
export async function decide(components: DecideComponents, deciding: Deciding): Promise<Round | undefined> {
  const { db, contract, ingest } = components
  const { verifier, epoch, times } = deciding
  const rand = await contract.rand(epoch)
  // Roots were committed before the randomness; the index must have seen them all.
  if (rand === undefined || ingest.status.lagBlocks !== 0) return undefined

  const leftMs = Math.floor((deadlineOf(times) - ingest.now()) * 1000)
  if (leftMs <= 0) await accuse(components, deciding)
  else {
    const limits = { stopping: deciding.signal, time: AbortSignal.timeout(leftMs) }
    const open = await openRoots(components, deciding)
    await Promise.all(open.map(root => tryOne(components, deciding, root, rand, limits)))
    if ((await openRoots(components, deciding)).length > 0) return undefined
  }
  const verdicts = await readVerdicts(db, verifier, epoch)
  if (verdicts.length === 0) return undefined
  return await storeRound(db, verifier, epoch, toHex(randomBytes(32)), verdicts)
}

/** Roots that this verifier was drawn for and has neither judged nor given up. */
async function openRoots(components: DecideComponents, deciding: Deciding): Promise<CommittedEpoch[]> {
  const { db, contract } = components
  const { verifier, epoch, memory } = deciding
  const roots = await rootsOf(db, epoch)
  const judged = new Set((await readVerdicts(db, verifier, epoch)).map(verdict => verdict.provider))
  const open = roots.filter(({ provider }) => !judged.has(provider) && !memory.abstained.has(provider))
  if (open.length === 0) return []
  const assigned = await contract.assigned(
    epoch,
    verifier,
    open.map(root => root.provider),
  )
  return open.filter(root => assigned.includes(root.provider))
}

async function tryOne(
  components: DecideComponents,
  deciding: Deciding,
  root: CommittedEpoch,
  rand: Hex,
  limits: Limits,
): Promise<void> {
  const { misses, abstained } = deciding.memory
  const outcome = await attempt(components, deciding.verifier, root, rand, limits)
  if (outcome.kind === 'verdict') await store(components, deciding, outcome.verdict)
  if (outcome.kind === 'abstain') abstained.add(root.provider)
  if (outcome.kind === 'unserved') {
    misses.set(root.provider, [...(misses.get(root.provider) ?? []), outcome.reason])
  }
}

/**
 * Time is up: whoever was asked again and again and did not serve scores 0. But an auditor whom nobody served suspects
 * its own network first, and one that never got to ask has nothing to say.
 */
async function accuse(components: DecideComponents, deciding: Deciding): Promise<void> {
  const { db, log } = components
  const { verifier, epoch, memory } = deciding
  const isServed = (await readVerdicts(db, verifier, epoch)).some(verdict => verdict.sampled > 0)
  for (const { provider } of await openRoots(components, deciding)) {
    const reasons = memory.misses.get(provider) ?? []
    if (isServed && reasons.length >= MISSES_MIN) {
      await store(components, deciding, unserved(verifier, provider, `Not served: ${reasons.at(-1)}`))
    } else {
      log.error({ epoch, provider, tries: reasons.length, reason: reasons.at(-1) }, 'No verdict in time')
      memory.abstained.add(provider)
    }
  }
}

async function store(
  { db, ingest, changes, log }: DecideComponents,
  { verifier, epoch }: Deciding,
  verdict: Verdict,
): Promise<void> {
  await storeVerdict(db, { verifier, epoch, decidedAt: ingest.now() }, verdict)
  const { provider, score, sampled, reason } = verdict
  log.info({ epoch, provider, score, sampled, reason }, 'Audit decided')
  changes.publish({ kind: 'audit', block: ingest.status.cursor?.blockNumber ?? 0, time: ingest.now() })
}
