import { type Address, type Hex, sameAddress, ZERO_HASH } from '@aria/sdk/protocol'
import { auditsAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import { encodeFunctionData } from 'viem'
import type { CreditHead } from '../config.ts'
import { type Chain, onChain } from './client.ts'
import type { Call } from './outbox.ts'

export interface AuditsReader {
  /** Whether the chain has our root of the epoch, and whether a reorganisation could still take it back. */
  rootState(epoch: number): Promise<'none' | 'there' | 'final'>
  isDrawn(epoch: number, node: Address): Promise<boolean>
  commitRoot(epoch: number, root: Hex, count: number, tokens: bigint): Call
}

/** Committees of this many epochs are remembered: they never change once drawn. */
const COMMITTEES_MAX = 16

/**
 * `model`: what this provider serves; its roots name it, and only a rewardable one earns a work reward.
 * `head`: with `latest` the chain is taken to never reorganise.
 */
export function auditsReader(
  { client, deployment }: Chain,
  operator: Address,
  model: Hex,
  head: CreditHead,
): AuditsReader {
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
    rootState: epoch =>
      onChain('read the committed root', async () => {
        const args = [BigInt(epoch), operator] as const
        const hasAt = async (blockTag: CreditHead) =>
          (await client.readContract({ ...audits, functionName: 'rootHash', args, blockTag })) !== ZERO_HASH
        if (!(await hasAt('latest'))) return 'none'
        return head === 'latest' || (await hasAt('finalized')) ? 'final' : 'there'
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
