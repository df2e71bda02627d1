import { type Address, type Deployment, epochTimes, type Hex } from '@aria/sdk/protocol'
import { desc, eq, sql } from 'drizzle-orm'
import type { ProviderEpoch } from '../api/types.ts'
import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { epochOfBlock } from './epoch-of.ts'
import { countOf, sumOf, totalOf } from './sums.ts'

/** Newest epochs on one provider's page. */
export const PROVIDER_EPOCHS_MAX = 100

/** What one provider did and got in each epoch in which anything happened, newest first. */
export async function providerEpochs(
  db: Database,
  operator: Address,
  deployment: Deployment,
): Promise<ProviderEpoch[]> {
  const [work, redeemed, roots, finals, claims] = await Promise.all([
    workByEpoch(db, operator),
    redeemedByEpoch(db, operator, deployment),
    newest(db, s.auditsRootCommitted, s.auditsRootCommitted.provider, operator),
    newest(db, s.auditsFinalized, s.auditsFinalized.provider, operator),
    newest(db, s.rewardsClaimed, s.rewardsClaimed.operator, operator),
  ])
  const rootOf = new Map(roots.map(row => [row.epoch, row]))
  const finalOf = new Map(finals.map(row => [row.epoch, row]))
  const claimOf = new Map(claims.map(row => [row.epoch, row]))
  const all = new Set([work, redeemed, rootOf, finalOf, claimOf].flatMap(map => [...map.keys()]))
  const epochs = [...all].sort((a, b) => b - a).slice(0, PROVIDER_EPOCHS_MAX)
  return epochs.map(epoch => {
    const claim = claimOf.get(epoch)
    const reward = claim === undefined ? 0n : claim.availability + claim.work + claim.verification
    return {
      epoch,
      end: epochTimes(epoch, deployment).end,
      requests: work.get(epoch)?.requests ?? 0,
      outputTokens: work.get(epoch)?.outputTokens ?? 0,
      redeemed: String(redeemed.get(epoch)?.redeemed ?? 0n),
      fee: String(redeemed.get(epoch)?.fee ?? 0n),
      reward: String(reward),
      root: (rootOf.get(epoch)?.root as Hex | undefined) ?? null,
      score: finalOf.get(epoch)?.score ?? null,
      finalized: finalOf.has(epoch),
      claimed: claim !== undefined,
    }
  })
}

async function workByEpoch(db: Database, operator: Address) {
  const { epoch, outputTokens } = s.receipts
  const rows = await db
    .select({ epoch, requests: countOf(), outputTokens: totalOf(outputTokens) })
    .from(s.receipts)
    .where(eq(s.receipts.operator, operator))
    .groupBy(epoch)
    .orderBy(desc(epoch))
    .limit(PROVIDER_EPOCHS_MAX)
  return new Map(rows.map(row => [row.epoch, row]))
}

async function redeemedByEpoch(db: Database, operator: Address, deployment: Deployment) {
  const epoch = epochOfBlock(deployment)
  const { payee, delta, fee, blockNumber } = s.escrowRedeemed
  const rows = await db
    .select({ epoch, redeemed: sumOf(delta), fee: sumOf(fee) })
    .from(s.escrowRedeemed)
    .innerJoin(s.blocks, eq(s.blocks.number, blockNumber))
    .where(eq(payee, operator))
    .groupBy(epoch)
    .orderBy(desc(epoch))
    .limit(PROVIDER_EPOCHS_MAX)
  return new Map(rows.map(row => [row.epoch, row]))
}

type EpochEvents = typeof s.auditsRootCommitted | typeof s.auditsFinalized | typeof s.rewardsClaimed

async function newest<T extends EpochEvents>(
  db: Database,
  table: T,
  who: T['_']['columns'][keyof T['_']['columns']],
  operator: Address,
): Promise<T['$inferSelect'][]> {
  const rows = await db
    .select()
    .from(table as EpochEvents)
    .where(sql`${who} = ${operator}`)
    .orderBy(desc(table.epoch))
    .limit(PROVIDER_EPOCHS_MAX)
  return rows as T['$inferSelect'][]
}
