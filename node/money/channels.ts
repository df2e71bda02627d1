import { type Address, type ChannelParts, channelId, type Hex } from '@aria/sdk/protocol'
import { escrowAbi } from '@aria/sdk/protocol/abi'
import type { ChannelFunds } from '../chain/channels.ts'
import { channelReader } from '../chain/channels.ts'
import { type Chain, onChain } from '../chain/client.ts'
import { inRanges } from './events.ts'
import { type MoneyItem, smaller } from './item.ts'

/** A channel of ours as the chain has it; it needs no books of ours. */
export interface PayerChannel {
  id: Hex
  parts: ChannelParts
  payee: Address
  funds: ChannelFunds
}

/** What the client's books say of a channel. */
export interface BookedChannel {
  id: Hex
  due: bigint
  settled: boolean
  signed: { total: bigint } | null
}

const lower = (address: string) => address.toLowerCase() as Address

/** Every channel that `payer` ever funded or that was funded for it, from the chain's own events. */
export async function payerChannels(chain: Chain, payer: Address): Promise<PayerChannel[]> {
  const { client, deployment } = chain
  const newest = await onChain('read the newest block', () => client.getBlockNumber())
  const deposits = await onChain('read the deposits', () =>
    inRanges(BigInt(deployment.blockNumber), newest, (fromBlock, toBlock) =>
      client.getContractEvents({
        ...{ address: deployment.contracts.escrow, abi: escrowAbi, eventName: 'Deposited' },
        ...{ args: { payer }, strict: true, fromBlock, toBlock },
      }),
    ),
  )
  const byId = new Map<Hex, Omit<PayerChannel, 'funds'>>()
  for (const { args } of deposits) {
    const parts = { payer, signer: lower(args.signer), salt: args.salt }
    const payee = lower(args.payee)
    byId.set(channelId(parts, payee), { id: channelId(parts, payee), parts, payee })
  }
  const reader = channelReader(chain, 'latest')
  const channels: PayerChannel[] = []
  for (const channel of byId.values()) channels.push({ ...channel, funds: await reader.funds(channel.id) })
  return channels
}

/** What is still in a channel, divided by our books; without them everything may be owed up to what we cannot know. */
export function channelItem(
  { id, parts, payee, funds }: PayerChannel,
  booked: BookedChannel | undefined,
  nowSeconds: number,
): MoneyItem {
  const { balance, claimed, thawEnd } = funds
  const amount = balance - claimed
  const upTo = (total: bigint) => (total <= claimed ? 0n : smaller(total, balance) - claimed)
  const owed = upTo(booked?.due ?? 0n)
  const promised = upTo(booked?.signed?.total ?? 0n)
  const ahead = promised > owed ? promised - owed : 0n
  const isThawed = thawEnd !== 0 && thawEnd <= nowSeconds
  const command = `aria money close --channel ${id}`
  return {
    ...{ kind: 'channel', holder: 'escrow', account: parts.payer, id, amount },
    parts: { owed, ahead, free: amount - owed - ahead },
    why: `${reasonOf(booked, thawEnd !== 0, isThawed)}; payee ${payee}`,
    until: thawEnd === 0 ? undefined : thawEnd,
    command: thawEnd !== 0 && !isThawed ? `after that: ${command}` : command,
  }
}

function reasonOf(booked: BookedChannel | undefined, thaws: boolean, isThawed: boolean): string {
  if (isThawed) return 'thawed, ready to withdraw'
  if (thaws) return 'thawing: the provider may still redeem its vouchers'
  if (booked === undefined)
    return 'no books of this channel here: another data directory may hold its vouchers'
  if (!booked.settled) return 'its last request ended without a receipt; the next one settles it'
  return booked.signed === null ? 'deposited, not used yet' : 'open for further requests'
}
