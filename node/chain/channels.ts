import { type Address, ARIA, AriaError, type Hex } from '@aria/sdk/protocol'
import { escrowAbi } from '@aria/sdk/protocol/abi'
import { parseAbiItem } from 'viem'
import type { CreditHead } from '../config.ts'
import { type Chain, onChain } from './client.ts'

/**
 * What a deposit is worth before the chosen head has it: enough for a first request, little enough to lose to a
 * reorganisation (protocol: newChannelCredit; x402 #2559 counted unconfirmed deposits in full).
 */
export const NEW_CHANNEL_CREDIT = ARIA / 1000n

export interface ChannelView {
  /** Credited: what the chosen head and the newest block both show, and at most NEW_CHANNEL_CREDIT of what is newer. */
  balance: bigint
  /** What the newest block shows, credited or not: everything that was deposited and not withdrawn. */
  deposited: bigint
  claimed: bigint
  /** As of the newest block: an announced withdrawal counts at once. */
  thawEnd: number
  block: bigint
}

/** What a channel holds, without any caution: what a redemption now would meet. */
export interface ChannelFunds {
  balance: bigint
  claimed: bigint
  thawEnd: number
  /** The final head shows the same balance and claims: no reorganisation takes them back. */
  isFinal: boolean
}

export interface ChannelReader {
  /** For credit; `isFresh` when no earlier answer will do. */
  read(channel: Hex, options?: { isFresh: boolean }): Promise<ChannelView>
  /** For redemption. */
  funds(channel: Hex): Promise<ChannelFunds>
  /** Channels of ours that began to thaw since the last call. */
  thawing(): Promise<Hex[]>
}

const thawingEvent = parseAbiItem('event Thawing(bytes32 indexed id, uint256 thawEnd)')
/** One getLogs call; nodes refuse longer ranges. */
const LOG_RANGE_BLOCKS = 2_000n

/** `head`: where deposits count in full. With `latest` the chain is taken to never reorganise (a development chain). */
export function channelReader({ client, deployment }: Chain, head: CreditHead): ChannelReader {
  const address: Address = deployment.contracts.escrow
  const readAt = (channel: Hex, blockTag: CreditHead) =>
    client.readContract({ address, abi: escrowAbi, functionName: 'channels', args: [channel], blockTag })
  let next: bigint | undefined

  return {
    read: channel =>
      onChain('read the channel', async () => {
        const [newest, block, credited] = await Promise.all([
          readAt(channel, 'latest'),
          client.getBlockNumber(),
          head === 'latest' ? undefined : readAt(channel, head),
        ])
        const balance = credit(newest.balance, credited?.balance ?? newest.balance)
        return { balance, deposited: newest.balance, claimed: newest.claimed, thawEnd: newest.thawEnd, block }
      }),

    funds: channel =>
      onChain('read the channel', async () => {
        const [newest, final] = await Promise.all([
          readAt(channel, 'latest'),
          head === 'latest' ? undefined : readAt(channel, 'finalized'),
        ])
        const { balance, claimed, thawEnd } = newest
        const isFinal = final === undefined || (final.balance === balance && final.claimed === claimed)
        return { balance, claimed, thawEnd, isFinal }
      }),

    thawing: () =>
      onChain('read thaw events', async () => {
        const newest = await client.getBlockNumber()
        const from = next ?? (newest > LOG_RANGE_BLOCKS ? newest - LOG_RANGE_BLOCKS : 0n)
        if (from > newest) return []
        const until = newest - from > LOG_RANGE_BLOCKS ? from + LOG_RANGE_BLOCKS : newest
        const logs = await client.getLogs({ address, event: thawingEvent, fromBlock: from, toBlock: until })
        next = until + 1n
        return logs.flatMap(log => (log.args.id === undefined ? [] : [log.args.id]))
      }),
  }
}

function credit(newest: bigint, confirmed: bigint): bigint {
  if (confirmed >= newest) return newest
  const ahead = newest - confirmed
  return confirmed + (ahead < NEW_CHANNEL_CREDIT ? ahead : NEW_CHANNEL_CREDIT)
}

/** Whether the channel pays for a request that may raise its debt to `debtMax`. @throws AriaError `channel_thawing`, `channel_unfunded`. */
export function requireFunds({ balance, thawEnd }: ChannelView, debtMax: bigint): void {
  if (thawEnd !== 0) {
    throw new AriaError(
      'channel_thawing',
      `The channel thaws until ${thawEnd}, so its vouchers may come too late.`,
      {
        facts: { thawEnd },
        hint: 'Cancel the thaw, or open a channel with another salt.',
      },
    )
  }
  if (balance < debtMax) {
    throw new AriaError(
      'channel_unfunded',
      `The channel holds ${balance} wei, the request may need ${debtMax}.`,
      {
        facts: { balance, needed: debtMax },
        hint: 'Deposit the difference into the channel, or ask for fewer tokens.',
      },
    )
  }
}

/**
 * Whether the channel is large enough to be worth a redemption. Counts what the newest block shows: a reorganisation that
 * takes it back takes nothing that was credited. @throws AriaError `deposit_too_small`.
 */
export function requireDeposit({ deposited }: ChannelView, depositMin: bigint): void {
  if (deposited >= depositMin) return
  throw new AriaError(
    'deposit_too_small',
    `The channel holds ${deposited} wei, the offer asks for at least ${depositMin}.`,
    {
      facts: { deposited, depositMin },
      hint: 'Deposit the difference into the channel: it stays yours until it is spent.',
    },
  )
}
