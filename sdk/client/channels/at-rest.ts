import type { Hex } from '../../protocol/index.ts'
import { larger } from '../amounts.ts'
import type { ChannelRow } from '../store/index.ts'

/** One locked amount: why it is locked, until when, and what frees it. */
export interface MoneyAtRest {
  channel: Hex
  payee: Hex
  operator: Hex
  isPrivate: boolean
  /** Locked in escrow and not yet claimed by the provider. */
  locked: bigint
  /** Known to be owed for delivered tokens, not yet claimed. */
  owed: bigint
  /** Signed beyond what is owed: credit for the next request, or at risk after a broken one (at most one window). */
  ahead: bigint
  /** Comes back on closing. */
  free: bigint
  reason: string
  /** Seconds; when a thaw ends. */
  until: number | undefined
  command: string
}

export function moneyAtRest(channels: readonly ChannelRow[], nowMs: number): MoneyAtRest[] {
  return channels.filter(({ balance, claimed }) => balance > claimed).map(channel => describe(channel, nowMs))
}

function describe(channel: ChannelRow, nowMs: number): MoneyAtRest {
  const { id, payee, operator, isPrivate, balance, claimed, due, thawEnd } = channel
  const promised = larger(due, channel.signed?.total ?? 0n)
  const isThawed = thawEnd > 0 && thawEnd * 1000 <= nowMs
  return {
    ...{ channel: id, payee, operator, isPrivate },
    locked: balance - claimed,
    owed: larger(due - claimed, 0n),
    ahead: larger(promised - larger(due, claimed), 0n),
    free: balance - larger(promised, claimed),
    reason: reasonOf(channel, isThawed),
    until: thawEnd > 0 ? thawEnd : undefined,
    command: thawEnd > 0 && !isThawed ? 'wait for the thaw' : 'aria gateway close',
  }
}

function reasonOf({ thawEnd, settled, signed }: ChannelRow, isThawed: boolean): string {
  if (isThawed) return 'thawed: ready to withdraw'
  if (thawEnd > 0) return 'thawing: the provider may still redeem its vouchers'
  if (!settled) return 'its last request ended without a receipt; the next one settles it'
  return signed === null ? 'deposited, not used yet' : 'open for further requests'
}
