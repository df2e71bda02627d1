import { type Address, type AriaError, type Hex, redeemRows, toAriaError } from '@aria/sdk/protocol'
import { escrowAbi } from '@aria/sdk/protocol/abi'
import { encodeFunctionData } from 'viem'
import type { ChannelFunds, ChannelReader } from '../chain/channels.ts'
import type { Outbox } from '../chain/outbox.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ChannelAccount, VoucherStore } from './vouchers.ts'

/** Rows of one redemption: about 14k gas each, so a batch stays far below a block. */
const ROWS_MAX = 100
/** Channels looked at in one beat, and in the first one after a start, which must not miss a thaw. */
const CHANNELS_MAX = 1_000
const CHANNELS_FIRST_MAX = 100_000
/** After a start every channel is compared with the chain once, this many in a beat. */
const COMPARED_MAX = 100
/** Redeem when more than this share of a channel's balance is at stake, if it is worth the gas (protocol: redemption policy). */
const SHARE_OF_BALANCE = 20n
/** A redemption by value brings more than this many times what it costs. */
const GAS_MULTIPLE = 100n
/** One voucher in a transaction of its own, and one more row in a batch (gas snapshot of the contracts, rounded up). */
export const REDEEM_GAS = 45_000n
const ROW_GAS = 15_000n
/** A payer that thaws and keeps on buying makes us redeem again, but not with every voucher. */
const THAW_AGAIN_MS = 30_000
/** What is paid but not final yet is looked at this often. */
const FINAL_LOOK_MS = 10_000

export interface CollectorComponents {
  vouchers: Pick<VoucherStore, 'unredeemed' | 'after' | 'claimedOnChain' | 'account'>
  channels: Pick<ChannelReader, 'funds' | 'thawing'>
  outbox: Pick<Outbox, 'send' | 'settle' | 'gasPrice'>
  escrow: Address
  payee: Address
  /** Redeem when the oldest voucher is this old. */
  redeemAfterMs: number
  /** What one ETH is worth to the operator, in wei of ARIA: no contract knows, and gas is paid in ETH. */
  ariaPerEth: bigint
  /** Whether worth alone is a reason to redeem; a watchtower waits for a thaw or for age. */
  byValue?: boolean
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
  funds: ChannelFunds
  /** What a redemption would bring: the chain pays up to the balance. */
  amount: bigint
}

/** Turns vouchers into money, many per transaction. What a transaction did is read from the chain, never assumed. */
export function collector(components: CollectorComponents): Collector {
  const {
    vouchers,
    channels,
    outbox,
    escrow,
    payee,
    log,
    metrics,
    nowMs = Date.now,
    byValue = true,
  } = components
  /** Channels seen thawing, and when each was last redeemed; they stay until nothing of theirs is left to redeem. */
  const thawing = new Map<Hex, number>()
  /** Channels whose redemption a reorganisation took back. */
  const lost = new Set<Hex>()
  /** What was unredeemed at the last look at the chain, so that a quiet beat asks it nothing. */
  let lastSeen: bigint | undefined
  let finalLookMs = 0
  /** The last channel that was compared after the start; undefined when all were. */
  let compared: Hex | undefined = '0x'

  const isOld = ({ unredeemedSinceMs = nowMs() }: ChannelAccount) =>
    nowMs() - unredeemedSinceMs >= components.redeemAfterMs

  const isDue = ({ account, funds, amount }: Claim, valueMin: bigint): boolean => {
    if (thawing.has(account.id)) return nowMs() - thawing.get(account.id)! >= THAW_AGAIN_MS
    const isWorthIt = byValue && amount > valueMin && amount * SHARE_OF_BALANCE > funds.balance
    return isWorthIt || lost.has(account.id) || isOld(account)
  }

  /** Compares ledger and chain, and writes down what the chain paid. */
  const readClaims = async (accounts: readonly ChannelAccount[]): Promise<Claim[]> => {
    const claims: Claim[] = []
    for (const account of accounts) {
      const funds = await channels.funds(account.id)
      if (funds.thawEnd !== 0 && !thawing.has(account.id)) thawing.set(account.id, 0)
      if (funds.claimed < account.claimed) {
        lost.add(account.id)
        log.warn({ channel: account.id, was: account.claimed, is: funds.claimed }, 'Redemption taken back')
      }
      const total = account.best?.total ?? 0n
      const payable = total < funds.balance ? total : funds.balance
      const hasMore = payable > funds.claimed
      if (hasMore) claims.push({ account, funds, amount: payable - funds.claimed })
      else {
        lost.delete(account.id)
        if (nowMs() - (thawing.get(account.id) ?? 0) >= THAW_AGAIN_MS) thawing.delete(account.id)
      }
      const isOpen = account.unredeemedSinceMs !== undefined
      if ((!hasMore && isOpen) || funds.claimed !== account.claimed)
        vouchers.claimedOnChain(account.id, funds)
    }
    return claims
  }

  /** Books from an old copy lag behind the chain also where nothing seems open: nothing else would ever look there. */
  const compareNext = async (): Promise<void> => {
    if (compared === undefined) return
    const accounts = vouchers.after(compared, COMPARED_MAX)
    await readClaims(accounts)
    compared = accounts.length < COMPARED_MAX ? undefined : accounts.at(-1)!.id
  }

  const redeem = async (claims: readonly Claim[]): Promise<void> => {
    const rows = claims.slice(0, ROWS_MAX)
    const amount = rows.reduce((sum, claim) => sum + claim.amount, 0n)
    const packed = redeemRows(rows.map(({ account }) => ({ parts: account.parts, voucher: account.best! })))
    const data = encodeFunctionData({ abi: escrowAbi, functionName: 'redeem', args: [payee, packed] })
    const outcome = await outbox.send(`redeem ${rows.length} vouchers`, { to: escrow, data })
    log.info({ rows: rows.length, amount, outcome }, 'Vouchers redeemed')
    if (outcome === 'mined') metrics.count('aria_redemptions_total')
    for (const { account } of rows) if (thawing.has(account.id)) thawing.set(account.id, nowMs())
    await readClaims(rows.map(({ account }) => vouchers.account(account.id)!))
  }

  /** Wei of ARIA that this much gas is worth. */
  const gasCost = async (): Promise<(gas: bigint) => bigint> => {
    const price = await outbox.gasPrice()
    return gas => (gas * price * components.ariaPerEth) / 10n ** 18n
  }

  /** Those that are due, then those that ride along for little gas and bring more than it costs. */
  const chosen = async (claims: readonly Claim[]): Promise<Claim[]> => {
    const costOf = await gasCost()
    const valueMin = GAS_MULTIPLE * costOf(REDEEM_GAS)
    const due = claims.filter(claim => isDue(claim, valueMin))
    if (due.length === 0) return []
    const riders = claims.filter(claim => !due.includes(claim) && claim.amount > costOf(ROW_GAS))
    return [...due, ...riders]
  }

  /** The oldest ones, and every one that thaws, however many others there are. */
  const toLookAt = (): ChannelAccount[] => {
    const oldest = vouchers.unredeemed(lastSeen === undefined ? CHANNELS_FIRST_MAX : CHANNELS_MAX)
    const listed = new Set(oldest.map(({ id }) => id))
    const others = [...thawing.keys()].filter(id => !listed.has(id)).map(id => vouchers.account(id)!)
    return [...oldest, ...others]
  }

  const collect = async (mustNow: boolean): Promise<void> => {
    const outcome = await outbox.settle()
    if (outcome !== undefined && outcome !== 'pending') lastSeen = undefined
    await compareNext()
    const accounts = toLookAt()
    const waits = accounts.some(account => isOld(account) && atStake(account) > 0n)
    const isQuiet = sum(accounts) === lastSeen && thawing.size === 0 && lost.size === 0 && !waits
    const isLookDue = accounts.length > 0 && nowMs() - finalLookMs >= FINAL_LOOK_MS
    if (isQuiet && !isLookDue && !mustNow) return
    finalLookMs = nowMs()
    const claims = await readClaims(accounts)
    lastSeen = sum(accounts)
    const rows = mustNow ? claims : claims.length > 0 ? await chosen(claims) : []
    if (rows.length > 0) await redeem(rows)
  }

  return {
    beat: async () => {
      for (const channel of await channels.thawing())
        if (vouchers.account(channel) && !thawing.has(channel)) thawing.set(channel, 0)
      await ignoringBusy(() => collect(false), log)
    },
    collect: () => ignoringBusy(() => collect(true), log),
  }
}

function atStake({ best, claimed }: ChannelAccount): bigint {
  return (best?.total ?? 0n) - claimed
}

function sum(accounts: readonly ChannelAccount[]): bigint {
  return accounts.reduce((total, account) => total + atStake(account), 0n)
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
