import { type Address, AriaError } from '@aria/sdk/protocol'
import { type AnyColumn, eq } from 'drizzle-orm'
import type { Database } from '../db/open.ts'
import {
  stakingSlashed,
  stakingStaked,
  stakingUnbondCancelled,
  stakingUnbonding,
  stakingWithdrawn,
} from '../db/schema/index.ts'

export interface Stake {
  stake: bigint
  unbonding: bigint
  unbondEnd: number | null
}

type StakeChange = { operator: Address; blockNumber: number; logIndex: number } & (
  | { kind: 'staked'; stake: bigint }
  | { kind: 'unbonding'; amount: bigint; unbonding: bigint; unbondEnd: number }
  | { kind: 'cancelled'; stake: bigint }
  | { kind: 'withdrawn' }
  | { kind: 'slashed'; amount: bigint }
)

const NONE: Stake = { stake: 0n, unbonding: 0n, unbondEnd: null }

/** What each operator has at stake: its history of staking events, replayed. */
export async function stakes(db: Database, operator?: Address): Promise<Map<Address, Stake>> {
  const of = (column: AnyColumn) => (operator === undefined ? undefined : eq(column, operator))
  const [staked, unbonding, cancelled, withdrawn, slashed] = await Promise.all([
    db.select().from(stakingStaked).where(of(stakingStaked.operator)),
    db.select().from(stakingUnbonding).where(of(stakingUnbonding.operator)),
    db.select().from(stakingUnbondCancelled).where(of(stakingUnbondCancelled.operator)),
    db.select().from(stakingWithdrawn).where(of(stakingWithdrawn.operator)),
    db.select().from(stakingSlashed).where(of(stakingSlashed.operator)),
  ])
  return replayStakes([
    ...staked.map(row => ({ kind: 'staked' as const, ...row })),
    ...unbonding.map(row => ({ kind: 'unbonding' as const, ...row })),
    ...cancelled.map(row => ({ kind: 'cancelled' as const, ...row })),
    ...withdrawn.map(row => ({ kind: 'withdrawn' as const, ...row })),
    ...slashed.map(row => ({ kind: 'slashed' as const, ...row })),
  ])
}

export function replayStakes(changes: readonly StakeChange[]): Map<Address, Stake> {
  const ordered = [...changes].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
  const byOperator = new Map<Address, Stake>()
  for (const change of ordered) {
    byOperator.set(change.operator, after(byOperator.get(change.operator) ?? NONE, change))
  }
  return byOperator
}

function after(before: Stake, change: StakeChange): Stake {
  switch (change.kind) {
    case 'staked':
      return { ...before, stake: change.stake }
    case 'unbonding':
      return {
        stake: before.stake - change.amount,
        unbonding: change.unbonding,
        unbondEnd: change.unbondEnd,
      }
    case 'cancelled':
      return { stake: change.stake, unbonding: 0n, unbondEnd: null }
    case 'withdrawn':
      return { ...before, unbonding: 0n, unbondEnd: null }
    case 'slashed': {
      // Staking takes from what unbonds first.
      const rest = before.unbonding - change.amount
      const unbonding = rest > 0n ? rest : 0n
      const stake = before.stake - (rest < 0n ? -rest : 0n)
      if (stake < 0n) throw new AriaError('internal', `${change.operator} was slashed below zero.`)
      return { ...before, unbonding, stake }
    }
  }
}
