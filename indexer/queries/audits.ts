import { type Address, type Deployment, epochTimes, type Hex } from '@aria/sdk/protocol'
import { between, desc, eq } from 'drizzle-orm'
import type { AuditView } from '../api/types.ts'
import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'

export interface AuditsOptions {
  operator?: Address | undefined
  limit: number
  now: number
  deployment: Deployment
}

type Ours = typeof s.auditorVerdicts.$inferSelect
interface Revealed {
  epoch: number
  provider: Hex
  verifier: Hex
  score: number
  time: number
}

/**
 * Verdicts, newest epoch first: what the chain shows of every verifier, joined with what our own auditors recorded.
 * A foreign verifier's counts and reason are its own; only its score is public.
 * Both lists have one order, so the newest `limit` of their union lie in the newest `limit` of each.
 */
export async function audits(db: Database, options: AuditsOptions): Promise<AuditView[]> {
  const [ours, revealed] = await Promise.all([ourVerdicts(db, options), revealedScores(db, options)])
  const joined = new Map<string, { key: Ours | Revealed; ours?: Ours; revealed?: Revealed }>()
  for (const row of revealed) joined.set(placeOf(row), { key: row, revealed: row })
  for (const row of ours) joined.set(placeOf(row), { key: row, ...joined.get(placeOf(row)), ours: row })
  const places = [...joined.keys()].sort().reverse().slice(0, options.limit)
  const newest = places.map(place => joined.get(place)!)
  const commitments = await committedIn(
    db,
    newest.map(entry => entry.key.epoch),
  )
  return newest.map(entry => {
    const { epoch, provider, verifier } = entry.key
    const stage = stageOf(entry, commitments.has(`${epoch} ${verifier}`), options)
    return {
      epoch,
      operator: provider,
      verifier,
      time: entry.ours?.decidedAt ?? entry.revealed?.time ?? 0,
      sampled: entry.ours?.sampled ?? 0,
      passed: entry.ours?.passed ?? 0,
      failed: entry.ours?.failed ?? 0,
      score: entry.revealed?.score ?? entry.ours?.score ?? 0,
      reason: entry.ours?.reason ?? null,
      onChain: stage,
    }
  })
}

/** Sorts like (epoch, provider, verifier). */
function placeOf({ epoch, provider, verifier }: Ours | Revealed): string {
  return `${String(epoch).padStart(16, '0')} ${provider} ${verifier}`
}

function ourVerdicts(db: Database, { operator, limit }: AuditsOptions): Promise<Ours[]> {
  const { epoch, provider, verifier } = s.auditorVerdicts
  return db
    .select()
    .from(s.auditorVerdicts)
    .where(operator === undefined ? undefined : eq(provider, operator))
    .orderBy(desc(epoch), desc(provider), desc(verifier))
    .limit(limit)
}

function revealedScores(db: Database, { operator, limit }: AuditsOptions): Promise<Revealed[]> {
  const { epoch, provider, verifier, score, blockNumber } = s.auditsScored
  return db
    .select({ epoch, provider, verifier, score, time: s.blocks.time })
    .from(s.auditsScored)
    .innerJoin(s.blocks, eq(s.blocks.number, blockNumber))
    .where(operator === undefined ? undefined : eq(provider, operator))
    .orderBy(desc(epoch), desc(provider), desc(verifier))
    .limit(limit)
}

async function committedIn(db: Database, epochs: number[]): Promise<Set<string>> {
  if (epochs.length === 0) return new Set()
  const { epoch, verifier } = s.auditsAuditCommitted
  const range = between(epoch, epochs.at(-1)!, epochs[0]!)
  const rows = await db.select({ epoch, verifier }).from(s.auditsAuditCommitted).where(range)
  return new Set(rows.map(row => `${row.epoch} ${row.verifier}`))
}

function stageOf(
  { key, revealed }: { key: Ours | Revealed; revealed?: Revealed },
  committed: boolean,
  { now, deployment }: AuditsOptions,
): AuditView['onChain'] {
  if (revealed !== undefined) return 'revealed'
  const times = epochTimes(key.epoch, deployment)
  if (committed) return now < times.revealUntil ? 'committed' : 'missed'
  return now < times.commitAuditUntil ? 'pending' : 'missed'
}
