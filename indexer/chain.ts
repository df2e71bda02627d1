import { AriaError, type Hex } from '@aria/sdk/protocol'
import {
  BaseError,
  BlockNotFoundError,
  createPublicClient,
  HttpRequestError,
  http,
  type PublicClient,
  TimeoutError,
} from 'viem'

export interface Head {
  number: number
  hash: Hex
  parentHash: Hex
  time: number
}

/** Long enough for a slow public RPC, short enough that a dead one is seen within a beat. */
const RPC_TIMEOUT_MS = 10_000

/** Reads only; retries are the caller's, because each caller knows what waiting costs it. */
export function publicClient(rpcUrl: string): PublicClient {
  return createPublicClient({
    transport: http(rpcUrl, { retryCount: 0, timeout: RPC_TIMEOUT_MS, batch: { batchSize: 100 } }),
  })
}

/** Undefined when the chain has no such block (yet, or any more). */
export async function blockAt(client: PublicClient, number: number | 'latest'): Promise<Head | undefined> {
  try {
    const where = number === 'latest' ? { blockTag: number } : { blockNumber: BigInt(number) }
    const block = await client.getBlock(where)
    if (block.number === null || block.hash === null) return undefined
    const { hash, parentHash } = block
    return { number: Number(block.number), hash, parentHash, time: Number(block.timestamp) }
  } catch (thrown) {
    if (thrown instanceof BlockNotFoundError) return undefined
    throw chainError(thrown)
  }
}

/** Turns what viem throws into `chain_unreachable` (wait and try again) `chain_rejected` (the chain said no) or `internal`. */
export function chainError(thrown: unknown): AriaError {
  if (thrown instanceof AriaError) return thrown
  const isViem = thrown instanceof BaseError
  const message = isViem ? thrown.shortMessage : thrown instanceof Error ? thrown.message : String(thrown)
  const unreachable =
    isViem && thrown.walk(each => each instanceof HttpRequestError || each instanceof TimeoutError) !== null
  if (unreachable) {
    return new AriaError('chain_unreachable', `The chain's RPC does not answer: ${message}`, {
      hint: 'Check ARIA_RPC_URL and that the chain runs; the indexer keeps trying.',
      cause: thrown,
    })
  }
  return new AriaError(isViem ? 'chain_rejected' : 'internal', message, { cause: thrown })
}
