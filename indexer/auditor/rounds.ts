import type { Address, Hex } from '@aria/sdk/protocol'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../db/open.ts'
import { auditorRounds, auditorSamples, auditorVerdicts, auditsRootCommitted } from '../db/schema/index.ts'
import { auditCommitment } from './commitment.ts'
import { rowsOf, type Verdict } from './verdict.ts'

export type Round = typeof auditorRounds.$inferSelect
export type StoredVerdict = typeof auditorVerdicts.$inferSelect

export async function readRound(db: Database, verifier: Address, epoch: number): Promise<Round | undefined> {
  const [round] = await db
    .select()
    .from(auditorRounds)
    .where(and(eq(auditorRounds.verifier, verifier), eq(auditorRounds.epoch, epoch)))
  return round
}

export function readVerdicts(db: Database, verifier: Address, epoch: number): Promise<StoredVerdict[]> {
  return db
    .select()
    .from(auditorVerdicts)
    .where(and(eq(auditorVerdicts.verifier, verifier), eq(auditorVerdicts.epoch, epoch)))
}

export function rootsOf(db: Database, epoch: number) {
  return db.select().from(auditsRootCommitted).where(eq(auditsRootCommitted.epoch, epoch))
}

export async function storeVerdict(
  db: Database,
  place: { verifier: Address; epoch: number; decidedAt: number },
  { findings, ...verdict }: Verdict,
): Promise<void> {
  const { verifier, epoch } = place
  const samples = findings.map(finding => ({ ...finding, verifier, epoch, provider: verdict.provider }))
  await db.transaction(async tx => {
    await tx
      .insert(auditorVerdicts)
      .values({ ...place, ...verdict })
      .onConflictDoNothing()
    if (samples.length > 0) await tx.insert(auditorSamples).values(samples).onConflictDoNothing()
  })
}

/** Salt and rows are durable before the commitment is sent: without them nothing could be revealed after a restart. */
export async function storeRound(
  db: Database,
  verifier: Address,
  epoch: number,
  salt: Hex,
  verdicts: readonly StoredVerdict[],
): Promise<Round> {
  const rows = rowsOf(verdicts)
  const round = { verifier, epoch, salt, rows, commitment: auditCommitment(verifier, epoch, salt, rows) }
  await db.insert(auditorRounds).values(round)
  return round
}
