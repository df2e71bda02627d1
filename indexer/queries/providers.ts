import type { Address, Hex } from '@aria/sdk/protocol'
import { desc, eq, sql } from 'drizzle-orm'
import type { AuditState, ProviderSummary } from '../api/types.ts'
import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { type NodeKey, nodeKeys } from './nodes.ts'
import { type Stake, stakes } from './stakes.ts'
import { countOf, sumOf, totalOf } from './sums.ts'

/** Audits: a lower score has no weight in rewards (Audits.SCORE_MIN). */
export const SCORE_MIN = 90

export interface ProviderFacts {
  key: NodeKey
  stake: Stake
  offer: typeof s.offers.$inferSelect | undefined
  summary: ProviderSummary
}

export interface ProvidersOptions {
  now: number
  modelName: (id: Hex) => string | null
}

/** Every provider that ever registered, most tokens first: one query per fact, none per provider. */
export async function providers(db: Database, options: ProvidersOptions): Promise<ProviderFacts[]> {
  const [keys, stakeOf, offerOf, workOf, earnedOf, rewardsOf, scoreOf, auditOf] = await Promise.all([
    nodeKeys(db),
    stakes(db),
    offersByNode(db),
    workByOperator(db),
    earnedByPayee(db),
    rewardsByOperator(db),
    newestScores(db),
    newestAudits(db),
  ])
  const inUse = keys.filter(key => key.kind === s.KIND.provider && key.until === undefined)
  const all = inUse.map(key => {
    const stake = stakeOf.get(key.operator) ?? { stake: 0n, unbonding: 0n, unbondEnd: null }
    const heard = offerOf.get(key.node)
    const offer = heard?.operator === key.operator ? heard : undefined
    const work = workOf.get(key.operator)
    const summary: ProviderSummary = {
      operator: key.operator,
      node: key.node,
      online: offer !== undefined && offer.validUntil > options.now,
      stake: String(stake.stake),
      modelId: offer?.modelId ?? null,
      modelName: offer === undefined ? null : options.modelName(offer.modelId),
      pricePerInputToken: offer === undefined ? null : String(offer.pricePerInputToken),
      pricePerOutputToken: offer === undefined ? null : String(offer.pricePerOutputToken),
      slotsFree: offer?.slotsFree ?? null,
      score: scoreOf.get(key.operator) ?? null,
      requests: work?.requests ?? 0,
      outputTokens: work?.outputTokens ?? 0,
      earned: String(earnedOf.get(key.operator) ?? 0n),
      rewards: String(rewardsOf.get(key.operator) ?? 0n),
      audit: auditOf.get(key.operator) ?? 'none',
    }
    return { key, stake, offer, summary }
  })
  return all.sort((a, b) => b.summary.outputTokens - a.summary.outputTokens)
}

async function offersByNode(db: Database) {
  const rows = await db.select().from(s.offers)
  return new Map(rows.map(row => [row.node, row]))
}

async function workByOperator(db: Database) {
  const rows = await db
    .select({
      operator: s.receipts.operator,
      requests: countOf(),
      outputTokens: totalOf(s.receipts.outputTokens),
    })
    .from(s.receipts)
    .groupBy(s.receipts.operator)
  return new Map(rows.map(row => [row.operator, row]))
}

async function earnedByPayee(db: Database): Promise<Map<Address, bigint>> {
  const { payee, delta, fee } = s.escrowRedeemed
  const rows = await db
    .select({ payee, earned: sumOf(sql`${delta} - ${fee}`) })
    .from(s.escrowRedeemed)
    .groupBy(payee)
  return new Map(rows.map(row => [row.payee, row.earned]))
}

async function rewardsByOperator(db: Database): Promise<Map<Address, bigint>> {
  const { operator, availability, work, verification } = s.rewardsClaimed
  const rows = await db
    .select({ operator, total: sumOf(sql`${availability} + ${work} + ${verification}`) })
    .from(s.rewardsClaimed)
    .groupBy(operator)
  return new Map(rows.map(row => [row.operator, row.total]))
}

async function newestScores(db: Database): Promise<Map<Address, number>> {
  const { provider, epoch, score } = s.auditsFinalized
  const rows = await db
    .selectDistinctOn([provider], { provider, score })
    .from(s.auditsFinalized)
    .orderBy(provider, desc(epoch))
  return new Map(rows.map(row => [row.provider, row.score]))
}

/** The newest audited epoch decides: one verifier with a reason is enough to call it failed. */
async function newestAudits(db: Database): Promise<Map<Address, AuditState>> {
  const { provider, epoch, score } = s.auditsScored
  const rows = await db
    .selectDistinctOn([provider], { provider, score: sql`min(${score})`.mapWith(Number) })
    .from(s.auditsScored)
    .groupBy(provider, epoch)
    .orderBy(provider, desc(epoch))
  return new Map(rows.map(row => [row.provider, row.score >= SCORE_MIN ? 'passed' : 'failed']))
}

/** Redeemed, net of the fee, and not yet paid out of Escrow. */
export async function owedTo(db: Database, payee: Address): Promise<bigint> {
  const { delta, fee } = s.escrowRedeemed
  const [[income], [paid]] = await Promise.all([
    db
      .select({ sum: sumOf(sql`${delta} - ${fee}`) })
      .from(s.escrowRedeemed)
      .where(eq(s.escrowRedeemed.payee, payee)),
    db
      .select({ sum: sumOf(s.escrowPaidOut.amount) })
      .from(s.escrowPaidOut)
      .where(eq(s.escrowPaidOut.payee, payee)),
  ])
  return income!.sum - paid!.sum
}

/** Published receipts of a node that failed a check. */
export async function refusedReceipts(
  db: Database,
  node: Address,
): Promise<{ count: number; newestReason: string | null }> {
  const { refused: count, failure: newestReason } = s.receiptFeeds
  const [feed] = await db
    .select({ count, newestReason })
    .from(s.receiptFeeds)
    .where(eq(s.receiptFeeds.node, node))
  return feed ?? { count: 0, newestReason: null }
}
