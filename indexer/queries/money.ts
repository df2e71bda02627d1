import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { sumOf } from './sums.ts'

/** Sums over all of Escrow's events. */
export interface EscrowSums {
  deposited: bigint
  withdrawn: bigint
  redeemed: bigint
  fees: bigint
  closed: bigint
  refunded: bigint
  paidOut: bigint
  burned: bigint
}

export async function escrowSums(db: Database): Promise<EscrowSums> {
  const [deposited, withdrawn, redeemed, closed, refunded, paidOut, burned] = await Promise.all([
    db.select({ sum: sumOf(s.escrowDeposited.amount) }).from(s.escrowDeposited),
    db.select({ sum: sumOf(s.escrowWithdrawn.amount) }).from(s.escrowWithdrawn),
    db
      .select({ sum: sumOf(s.escrowRedeemed.delta), fees: sumOf(s.escrowRedeemed.fee) })
      .from(s.escrowRedeemed),
    db.select({ sum: sumOf(s.escrowClosed.refund) }).from(s.escrowClosed),
    db.select({ sum: sumOf(s.escrowRefunded.amount) }).from(s.escrowRefunded),
    db.select({ sum: sumOf(s.escrowPaidOut.amount) }).from(s.escrowPaidOut),
    db.select({ sum: sumOf(s.escrowFeesBurned.amount) }).from(s.escrowFeesBurned),
  ])
  return {
    deposited: deposited[0]!.sum,
    withdrawn: withdrawn[0]!.sum,
    redeemed: redeemed[0]!.sum,
    fees: redeemed[0]!.fees,
    closed: closed[0]!.sum,
    refunded: refunded[0]!.sum,
    paidOut: paidOut[0]!.sum,
    burned: burned[0]!.sum,
  }
}

export interface MoneyAtRest {
  channels: bigint
  owedToProviders: bigint
  unburnedFees: bigint
  refunds: bigint
}

/** Escrow's rule C2: these four add up to the tokens that the contract holds. */
export function moneyAtRest(sums: EscrowSums): MoneyAtRest {
  return {
    channels: sums.deposited - sums.withdrawn - sums.redeemed - sums.closed,
    owedToProviders: sums.redeemed - sums.fees - sums.paidOut,
    unburnedFees: sums.fees - sums.burned,
    refunds: sums.closed - sums.refunded,
  }
}
