import type { PublicClient } from 'viem'
import { escrowAbi, tokenAbi } from '../../protocol/abi/index.ts'
import type { Address, Deployment, Hex } from '../../protocol/index.ts'
import { readChain } from './read.ts'

export interface ChannelOnChain {
  balance: bigint
  claimed: bigint
  thawEnd: number
}

export async function readChannel(
  publicClient: PublicClient,
  { contracts }: Deployment,
  id: Hex,
): Promise<ChannelOnChain> {
  const { balance, claimed, thawEnd } = await readChain('the channel', () =>
    publicClient.readContract({
      address: contracts.escrow,
      abi: escrowAbi,
      functionName: 'channels',
      args: [id],
    }),
  )
  return { balance, claimed, thawEnd: Number(thawEnd) }
}

export async function readTokenBalance(
  publicClient: PublicClient,
  { contracts }: Deployment,
  account: Address,
): Promise<bigint> {
  const args = [account] as const
  return await readChain('the token balance', () =>
    publicClient.readContract({
      address: contracts.token,
      abi: tokenAbi,
      functionName: 'balanceOf',
      args,
    }),
  )
}
