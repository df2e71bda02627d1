import { type Deployment, epochTimes } from '@aria/sdk/protocol'
import { eq, gte, sql } from 'drizzle-orm'
import type { EpochPoint } from '../api/types.ts'
import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { epochOfBlock } from './epoch-of.ts'
import { countOf, sumOf, totalOf } from './sums.ts'

export const SERIES_EPOCHS_MAX = 200

/** One point per epoch up to `epochNow`, oldest first, quiet epochs included. */
export async function series(db: Database, epochNow: number, deployment: Deployment): Promise<EpochPoint[]> {
  const first = Math.max(0, epochNow - SERIES_EPOCHS_MAX + 1)
  const since = epochTimes(first, deployment).start
  const epoch = epochOfBlock(deployment)
  const [work, redeemed, burned, rewards] = await Promise.all([
    db
      .select({
        epoch: s.receipts.epoch,
        requests: countOf(),
        outputTokens: totalOf(s.receipts.outputTokens),
      })
      .from(s.receipts)
      .where(gte(s.receipts.epoch, first))
      .groupBy(s.receipts.epoch),
    db
      .select({ epoch, sum: sumOf(s.escrowRedeemed.delta) })
      .from(s.escrowRedeemed)
      .innerJoin(s.blocks, eq(s.blocks.number, s.escrowRedeemed.blockNumber))
      .where(gte(s.blocks.time, since))
      .groupBy(epoch),
    db
      .select({ epoch, sum: sumOf(s.escrowFeesBurned.amount) })
      .from(s.escrowFeesBurned)
      .innerJoin(s.blocks, eq(s.blocks.number, s.escrowFeesBurned.blockNumber))
      .where(gte(s.blocks.time, since))
      .groupBy(epoch),
    rewardsByEpoch(db, first),
  ])
  const workOf = new Map(work.map(row => [row.epoch, row]))
  const redeemedOf = new Map(redeemed.map(row => [row.epoch, row.sum]))
  const burnedOf = new Map(burned.map(row => [row.epoch, row.sum]))
  return Array.from({ length: Math.max(0, epochNow - first + 1) }, (_, at) => {
    const number = first + at
    return {
      epoch: number,
      end: epochTimes(number, deployment).end,
      outputTokens: workOf.get(number)?.outputTokens ?? 0,
      requests: workOf.get(number)?.requests ?? 0,
      redeemed: String(redeemedOf.get(number) ?? 0n),
      burned: String(burnedOf.get(number) ?? 0n),
      rewards: String(rewards.get(number) ?? 0n),
    }
  })
}

async function rewardsByEpoch(db: Database, first: number): Promise<Map<number, bigint>> {
  const { epoch, availability, work, verification } = s.rewardsClaimed
  const rows = await db
    .select({ epoch, sum: sumOf(sql`${availability} + ${work} + ${verification}`) })
    .from(s.rewardsClaimed)
    .where(gte(epoch, first))
    .groupBy(epoch)
  return new Map(rows.map(row => [row.epoch, row.sum]))
}
