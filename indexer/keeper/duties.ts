import { type Address, type Deployment, epochAt, epochTimes, ZERO_HASH } from '@aria/sdk/protocol'
import { and, between, eq, gt, isNull, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'
import type { Database } from '../db/open.ts'
import {
  auditsFinalized,
  auditsRootCommitted,
  auditsScored,
  escrowFeesBurned,
  escrowRedeemed,
  rewardsClaimed,
} from '../db/schema/index.ts'

export interface Duty {
  epoch: number
  operator: Address
}

/** Transactions of one kind in one beat. */
const DUTIES_MAX = 32
/** Rewards.CLAIM_EPOCHS: later claims are refused. */
const CLAIM_EPOCHS = 90

/** The newest epoch whose window that `startsAt` names has begun; -1 before the first. */
export function newestBegun(
  now: number,
  deployment: Deployment,
  startsAt: 'end' | 'randAt' | 'revealUntil' | 'finalizeUntil' | 'claimsFrom',
): number {
  const shift = epochTimes(0, deployment)[startsAt] - epochTimes(0, deployment).start
  return Math.max(-1, epochAt(now - shift, deployment))
}

/**
 * Scores that anyone may fix now: verdicts were revealed, or the score of the epoch before may be carried over.
 * A provider with neither would be fixed at 0, which it has anyway.
 */
export async function dueScores(db: Database, deployment: Deployment, now: number): Promise<Duty[]> {
  const newest = newestBegun(now, deployment, 'revealUntil')
  const oldest = newestBegun(now, deployment, 'finalizeUntil') + 1
  if (newest < oldest) return []
  const { epoch, provider, score, carried } = auditsFinalized
  const next = sql<number>`${epoch} + 1`.mapWith(Number).as('epoch')
  const revealed = db
    .select({ epoch: auditsScored.epoch, operator: auditsScored.provider })
    .from(auditsScored)
    .where(between(auditsScored.epoch, oldest, newest))
  const carriable = db
    .select({ epoch: next, operator: provider })
    .from(auditsFinalized)
    .where(and(between(epoch, oldest - 1, newest - 1), eq(carried, false), gt(score, 0)))
  const due = union(revealed, carriable).as('due')
  return await db
    .select({ epoch: due.epoch, operator: due.operator })
    .from(due)
    .leftJoin(auditsFinalized, and(eq(epoch, due.epoch), eq(provider, due.operator)))
    .where(isNull(provider))
    .orderBy(due.epoch, due.operator)
    .limit(DUTIES_MAX)
}

/** The root that `finalize` is told: what the provider committed, all zero if nothing. */
export async function rootOf(db: Database, { epoch, operator }: Duty) {
  const { root, tokens, count, model, provider } = auditsRootCommitted
  const [committed] = await db
    .select({ root, tokens, count, model })
    .from(auditsRootCommitted)
    .where(and(eq(auditsRootCommitted.epoch, epoch), eq(provider, operator)))
  return committed ?? { root: ZERO_HASH, tokens: 0n, count: 0, model: ZERO_HASH }
}

/** Payees whose redemptions paid fees that nobody has burned yet. */
export async function duePayees(db: Database): Promise<Address[]> {
  const { payee, fee } = escrowRedeemed
  const burned = db
    .select({ payee: escrowFeesBurned.payee, sum: sql<bigint>`sum(${escrowFeesBurned.amount})`.as('sum') })
    .from(escrowFeesBurned)
    .groupBy(escrowFeesBurned.payee)
    .as('burned')
  const due = await db
    .select({ payee })
    .from(escrowRedeemed)
    .leftJoin(burned, eq(burned.payee, payee))
    .groupBy(payee, burned.sum)
    .having(sql`sum(${fee}) > coalesce(${burned.sum}, 0)`)
    .orderBy(payee)
    .limit(DUTIES_MAX)
  return due.map(row => row.payee)
}

/** Rewards that anyone may mint to their owners now: scored providers and verifiers who revealed. */
export async function dueClaims(db: Database, deployment: Deployment, now: number): Promise<Duty[]> {
  const newest = newestBegun(now, deployment, 'claimsFrom')
  const oldest = newest - CLAIM_EPOCHS + 1
  const { epoch, operator } = rewardsClaimed
  const providers = db
    .select({ epoch: auditsFinalized.epoch, operator: auditsFinalized.provider })
    .from(auditsFinalized)
    .where(and(between(auditsFinalized.epoch, oldest, newest), gt(auditsFinalized.weight, 0n)))
  const verifiers = db
    .select({ epoch: auditsScored.epoch, operator: auditsScored.verifier })
    .from(auditsScored)
    .where(between(auditsScored.epoch, oldest, newest))
  const due = union(providers, verifiers).as('due')
  return await db
    .select({ epoch: due.epoch, operator: due.operator })
    .from(due)
    .leftJoin(rewardsClaimed, and(eq(epoch, due.epoch), eq(operator, due.operator)))
    .where(isNull(operator))
    .orderBy(due.epoch, due.operator)
    .limit(DUTIES_MAX)
}
