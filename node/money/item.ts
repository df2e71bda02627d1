import type { Address, Hex } from '@aria/sdk/protocol'

/** Which contract holds the tokens; `nothing` for promises and transactions, whose tokens are counted elsewhere. */
export type Holder = 'escrow' | 'staking' | 'court' | 'nothing'

export type MoneyKind =
  | 'channel'
  | 'refund'
  | 'voucher'
  | 'earned'
  | 'fee'
  | 'stake'
  | 'unbonding'
  | 'bounty'
  | 'bond'
  | 'court-credit'
  | 'transaction'

/** One amount at rest: where it is, why, until when, and the command that frees it. */
export interface MoneyItem {
  kind: MoneyKind
  holder: Holder
  account: Address
  /** Channel, case or transaction. */
  id: Hex | undefined
  /** Wei of ARIA. */
  amount: bigint
  why: string
  /** Seconds; when it becomes free or is acted upon by itself. */
  until: number | undefined
  /** Exact, to be copied; undefined when nothing but time, or somebody else, frees it. */
  command: string | undefined
  /** Of a channel: owed + ahead + free = amount. */
  parts?: { owed: bigint; ahead: bigint; free: bigint }
}

export function total(items: readonly MoneyItem[], holder: Holder): bigint {
  return items.filter(item => item.holder === holder).reduce((sum, { amount }) => sum + amount, 0n)
}

export function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
