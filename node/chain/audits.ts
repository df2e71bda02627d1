import { type Address, type Hex, sameAddress, ZERO_HASH } from '@aria/sdk/protocol'
import { auditsAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import { encodeFunctionData } from 'viem'
import { type Chain, onChain } from './client.ts'
import type { Call } from './outbox.ts'

export interface AuditsReader {
  /** Whether the chain has our root of the epoch. */
  hasRoot(epoch: number): Promise<boolean>
  isDrawn(epoch: number, node: Address): Promise<boolean>
  commitRoot(epoch: number, root: Hex, count: number, tokens: bigint): Call
}

/** Committees of this many epochs are remembered: they never change once drawn. */
const COMMITTEES_MAX = 16

/** `model`: what this provider serves; its roots name it, and only a rewardable one earns a work reward. */
export function auditsReader({ client, deployment }: Chain, operator: Address, model: Hex): AuditsReader {
  const audits = { address: deployment.contracts.audits, abi: auditsAbi } as const
  const staking = { address: deployment.contracts.staking, abi: stakingAbi } as const
  const committees = new Map<number, readonly Address[]>()

  const committee = async (epoch: number): Promise<readonly Address[]> => {
    const known = committees.get(epoch)
    if (known !== undefined) return known
    const drawn = await onChain('read the audit committee', () =>
      client.readContract({ ...audits, functionName: 'committee', args: [BigInt(epoch), operator] }),
    )
    committees.set(epoch, drawn)
    if (committees.size > COMMITTEES_MAX) committees.delete(committees.keys().next().value!)
    return drawn
  }

  return {
    hasRoot: epoch =>
      onChain('read the committed root', async () => {
        const args = [BigInt(epoch), operator] as const
        return (await client.readContract({ ...audits, functionName: 'rootHash', args })) !== ZERO_HASH
      }),
    isDrawn: async (epoch, node) => {
      const drawn = await committee(epoch)
      const verifier = await onChain('read the verifier', () =>
        client.readContract({ ...staking, functionName: 'operatorOf', args: [node] }),
      )
      return drawn.some(address => sameAddress(address, verifier))
    },
    commitRoot: (epoch, root, count, tokens) => ({
      to: deployment.contracts.audits,
      data: encodeFunctionData({
        abi: auditsAbi,
        functionName: 'commitRoot',
        args: [BigInt(epoch), { root, tokens, count, model }],
      }),
    }),
  }
}
