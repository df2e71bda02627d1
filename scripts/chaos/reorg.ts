import type { Hex } from '@aria/sdk/protocol'
import { createPublicClient, http } from 'viem'
import { drawWhole } from './random.ts'
import type { World } from './world.ts'

/**
 * Takes the newest blocks back and makes as many new ones, which hold the same transactions in the same order, but later:
 * for some time a deposit or a redemption that everybody has seen is gone.
 */
export async function reorganise(
  { rpcUrl, chain }: Pick<World, 'rpcUrl' | 'chain'>,
  depth: number,
  seed: number,
  index: number,
): Promise<void> {
  const reader = createPublicClient({ transport: http(rpcUrl) })
  const newest = await reader.getBlockNumber()
  const raw: Hex[] = []
  for (let back = depth - 1; back >= 0; back--) {
    const block = await reader.getBlock({ blockNumber: newest - BigInt(back), includeTransactions: false })
    for (const hash of block.transactions)
      raw.push(
        (await reader.request({
          method: 'eth_getRawTransactionByHash' as never,
          params: [hash] as never,
        })) as Hex,
      )
  }
  const last = depth - 1
  let at = 0
  const pairs = raw.map(bytes => {
    at = Math.max(at, drawWhole(at, last, seed, 'reorg', index, bytes))
    return [bytes, at] as const
  })
  await chain.request({ method: 'anvil_reorg' as never, params: [depth, pairs] as never })
}
