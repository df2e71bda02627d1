import { type Address, type AriaError, type Hex, redeemRows, toAriaError } from '@aria/sdk/protocol'
import { escrowAbi } from '@aria/sdk/protocol/abi'
import { encodeFunctionData } from 'viem'
import type { ChannelReader, ChannelView } from '../chain/channels.ts'
import type { Outbox } from '../chain/outbox.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ChannelAccount, VoucherStore } from './vouchers.ts'

/** Rows of one redemption: about 14k gas each, so a batch stays far below a block. */
const ROWS_MAX = 100
/** Channels looked at in one beat. */
const CHANNELS_MAX = 1_000
/** Redeem when this share of a channel's deposit is at stake (protocol: redemption policy). */
const VALUE_SHARE_OF_BALANCE = 20n

export interface CollectorComponents {
  vouchers: Pick<VoucherStore, 'unredeemed' | 'claimedOnChain' | 'account'>
  channels: ChannelReader
  outbox: Outbox
  escrow: Address
  payee: Address
  /** Redeem when the oldest voucher is this old, or this much is at stake. */
  redeemAfterMs: number
  redeemValue: bigint
  log: Log
  metrics: Metrics
  nowMs?: () => number
}

export interface Collector {
  /** Redeems when the policy says so. */
  beat(): Promise<void>
  /** Redeems everything now. */
  collect(): Promise<void>
}

interface Claim {
  account: ChannelAccount
  view: ChannelView
  /** What a redemption would bring: the chain pays up to the balance. */
  amount: bigint
}

/** Turns vouchers into money, many per transaction. What a transaction did is read from the chain, never assumed. */
export function collector(components: CollectorComponents): Collector {
  const { vouchers, channels, outbox, escrow, payee, log, metrics, nowMs = Date.now } = components
  /** Channels seen thawing; they stay until nothing of theirs is left to redeem. */
  const thawing = new Set<Hex>()
  /** What was unredeemed at the last look at the chain, so that a quiet beat asks it nothing. */
  let lastSeen: bigint | undefined

  const isOld = ({ unredeemedSinceMs = nowMs() }: ChannelAccount) =>
    nowMs() - unredeemedSinceMs >= components.redeemAfterMs

  const isDue = ({ account, view, amount }: Claim): boolean =>
    view.thawEnd !== 0 ||
    thawing.has(account.id) ||
    amount >= components.redeemValue ||
    amount * VALUE_SHARE_OF_BALANCE >= view.balance ||
    isOld(account)

  const stake = (accounts: readonly ChannelAccount[]): bigint =>
    accounts.reduce((sum, { best, claimed }) => sum + (best?.total ?? 0n) - claimed, 0n)

  /** Compares ledger and chain, and writes down what the chain paid. */
  const readClaims = async (accounts: readonly ChannelAccount[]): Promise<Claim[]> => {
    const claims: Claim[] = []
    for (const account of accounts) {
      const view = await channels.read(account.id)
      const total = account.best?.total ?? 0n
      const payable = total < view.balance ? total : view.balance
      const hasMore = payable > view.claimed
      if (hasMore) claims.push({ account, view, amount: payable - view.claimed })
      else thawing.delete(account.id)
      if (!hasMore || view.claimed !== account.claimed)
        vouchers.claimedOnChain(account.id, view.claimed, view.balance)
    }
    return claims
  }

  const redeem = async (claims: readonly Claim[]): Promise<void> => {
    // Once a transaction goes out, every other channel rides along for little gas; those that are due go first.
    const rows = [...claims].sort((a, b) => Number(isDue(b)) - Number(isDue(a))).slice(0, ROWS_MAX)
    const amount = rows.reduce((sum, claim) => sum + claim.amount, 0n)
    const packed = redeemRows(rows.map(({ account }) => ({ parts: account.parts, voucher: account.best! })))
    const data = encodeFunctionData({ abi: escrowAbi, functionName: 'redeem', args: [payee, packed] })
    const outcome = await outbox.send(`redeem ${rows.length} vouchers`, { to: escrow, data })
    log.info({ rows: rows.length, amount, outcome }, 'Vouchers redeemed')
    if (outcome === 'mined') metrics.count('aria_redemptions_total')
    await readClaims(rows.map(({ account }) => vouchers.account(account.id)!))
  }

  const collect = async (mustNow: boolean): Promise<void> => {
    const outcome = await outbox.settle()
    if (outcome !== undefined && outcome !== 'pending') lastSeen = undefined
    const accounts = vouchers.unredeemed(CHANNELS_MAX)
    const isQuiet = stake(accounts) === lastSeen && thawing.size === 0 && !accounts.some(isOld)
    if (isQuiet && !mustNow) return
    const claims = await readClaims(accounts)
    lastSeen = stake(accounts)
    if (mustNow ? claims.length > 0 : claims.some(isDue)) await redeem(claims)
  }

  return {
    beat: async () => {
      for (const channel of await channels.thawing()) if (vouchers.account(channel)) thawing.add(channel)
      await ignoringBusy(() => collect(false), log)
    },
    collect: () => ignoringBusy(() => collect(true), log),
  }
}

/** Another transaction is under way: the next beat comes soon enough. */
async function ignoringBusy(work: () => Promise<void>, log: Log): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    const error: AriaError = toAriaError(thrown)
    if (error.code !== 'busy') throw error
    log.debug({ reason: error.message }, 'Redemption waits')
  }
}
