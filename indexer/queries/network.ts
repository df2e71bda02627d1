import { AriaError, type Deployment, epochAt, epochTimes } from '@aria/sdk/protocol'
import { lt, sql } from 'drizzle-orm'
import type { NetworkView } from '../api/types.ts'
import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { readCursor } from '../ingest/cursor.ts'
import { escrowSums, moneyAtRest } from './money.ts'
import { providers, SCORE_MIN } from './providers.ts'
import { countOf, sumOf, totalOf } from './sums.ts'

export interface NetworkOptions {
  deployment: Deployment
  now: number
  lagBlocks: number | null
}

/** One snapshot for all numbers: sums and balance of different blocks would not add up. */
export function networkView(db: Database, options: NetworkOptions): Promise<NetworkView> {
  const snapshot = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const
  return db.transaction(tx => readNetwork(tx, options), snapshot)
}

async function readNetwork(db: Database, options: NetworkOptions): Promise<NetworkView> {
  const { deployment, now } = options
  const [cursor, sums, work, rewards, scores, all] = await Promise.all([
    readCursor(db),
    escrowSums(db),
    workTotals(db),
    rewardsTotal(db),
    scoreCounts(db),
    providers(db, { now, modelName: () => null }),
  ])
  if (cursor === undefined || cursor.escrowBalance === null) {
    throw new AriaError('chain_unreachable', 'The index has not caught up with the chain yet.')
  }
  const { channels, owedToProviders, unburnedFees, refunds } = moneyAtRest(sums)
  const staked = all.filter(({ stake }) => stake.stake >= deployment.params.providerStakeMin)
  const epoch = Math.max(0, epochAt(now, deployment))
  const { start, end } = epochTimes(epoch, deployment)
  return {
    chainId: deployment.chainId,
    network: deployment.params.network,
    head: { block: cursor.blockNumber, time: cursor.blockTime },
    lagBlocks: options.lagBlocks,
    epoch: { number: epoch, start, end, seconds: deployment.params.epochSeconds },
    totals: {
      providersOnline: all.filter(({ summary }) => summary.online).length,
      providersStaked: staked.length,
      staked: String(all.reduce((sum, { stake }) => sum + stake.stake, 0n)),
      ...work,
      deposited: String(sums.deposited),
      redeemed: String(sums.redeemed),
      burned: String(sums.burned),
      rewardsClaimed: String(rewards),
      auditsPassed: scores.passed,
      auditsFailed: scores.failed,
    },
    contracts: deployment.contracts,
    moneyAtRest: {
      channels: String(channels),
      owedToProviders: String(owedToProviders),
      unburnedFees: String(unburnedFees),
      refunds: String(refunds),
      escrowBalance: String(cursor.escrowBalance),
    },
  }
}

async function workTotals(db: Database) {
  const { inputTokens, outputTokens } = s.receipts
  const [row] = await db
    .select({ requests: countOf(), inputTokens: totalOf(inputTokens), outputTokens: totalOf(outputTokens) })
    .from(s.receipts)
  return row!
}

async function rewardsTotal(db: Database): Promise<bigint> {
  const { availability, work, verification } = s.rewardsClaimed
  const [row] = await db
    .select({ sum: sumOf(sql`${availability} + ${work} + ${verification}`) })
    .from(s.rewardsClaimed)
  return row!.sum
}

async function scoreCounts(db: Database): Promise<{ passed: number; failed: number }> {
  const failing = lt(s.auditsScored.score, SCORE_MIN)
  const [row] = await db
    .select({ all: countOf(), failed: sql`count(*) filter (where ${failing})`.mapWith(Number) })
    .from(s.auditsScored)
  return { passed: row!.all - row!.failed, failed: row!.failed }
}
