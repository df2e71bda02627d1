import { encodeFunctionData, type PublicClient } from 'viem'
import { escrowAbi } from '../../protocol/abi/index.ts'
import type { Address, Deployment, Hex } from '../../protocol/index.ts'
import { readChannel } from '../chain/escrow.ts'
import { readChain } from '../chain/read.ts'
import type { Wallet } from '../chain/wallet.ts'
import type { ChannelRow, ChannelStore } from '../store/index.ts'

export interface ClosingStep {
  channel: Hex
  action: 'thawing' | 'waiting' | 'withdrawn' | 'empty'
  /** Withdrawn, or what will be free at most. */
  amount: bigint
  until: number | undefined
}

export interface ClosingComponents {
  publicClient: PublicClient
  deployment: Deployment
  wallet: Wallet
  channels: ChannelStore
}

/**
 * Takes every channel one step further: announces the withdrawal, or withdraws once the thaw is over.
 * Vouchers stay payable until then, so a provider loses nothing.
 */
export async function closeChannels(components: ClosingComponents): Promise<ClosingStep[]> {
  const { publicClient, deployment, channels } = components
  const steps: ClosingStep[] = []
  for (const { id } of channels.all()) {
    channels.setChain(id, await readChannel(publicClient, deployment, id))
    const { timestamp } = await readChain('the time', () => publicClient.getBlock())
    steps.push(await closeStep(components, channels.get(id)!, Number(timestamp)))
    channels.setChain(id, await readChannel(publicClient, deployment, id))
  }
  return steps
}

async function closeStep(
  components: ClosingComponents,
  channel: ChannelRow,
  nowSeconds: number,
): Promise<ClosingStep> {
  const { id, balance, claimed, thawEnd } = channel
  const amount = balance - claimed
  if (amount === 0n) return { channel: id, action: 'empty', amount, until: undefined }
  if (thawEnd === 0) {
    await sendClosing(components, channel, 'thaw')
    const { thawEnd: until } = await readChannel(components.publicClient, components.deployment, id)
    return { channel: id, action: 'thawing', amount, until }
  }
  if (thawEnd > nowSeconds) return { channel: id, action: 'waiting', amount, until: thawEnd }
  await sendClosing(components, channel, 'withdraw')
  return { channel: id, action: 'withdrawn', amount, until: undefined }
}

async function sendClosing(
  { deployment, wallet }: ClosingComponents,
  { id, payee, parts, balance, claimed }: ChannelRow,
  purpose: 'thaw' | 'withdraw',
): Promise<void> {
  const to = wallet.account.address.toLowerCase() as Address
  const key = [payee, parts.signer, parts.salt] as const
  const data =
    purpose === 'thaw'
      ? encodeFunctionData({ abi: escrowAbi, functionName: 'thaw', args: key })
      : encodeFunctionData({ abi: escrowAbi, functionName: 'withdraw', args: [...key, to] })
  const call = { to: deployment.contracts.escrow, data, purpose, channel: id, amount: balance - claimed }
  await wallet.send(async () => call)
}
