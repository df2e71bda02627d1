import { AriaError } from '@aria/sdk/protocol'

/** RPCs refuse long ranges of logs with all kinds of errors, so a refused range is halved, down to this. */
const RANGE_MIN = 64n
/** Questions for one look; a chain that needs more wants an indexer. */
const QUESTIONS_MAX = 4_096

/** Asks for events of a range of blocks, in as few questions as the RPC lets us. @throws what the RPC says to the smallest range. */
export async function inRanges<T>(
  from: bigint,
  to: bigint,
  ask: (fromBlock: bigint, toBlock: bigint) => Promise<T[]>,
): Promise<T[]> {
  const found: T[] = []
  let questions = 0
  let size = to - from + 1n
  for (let at = from; at <= to; ) {
    if (++questions > QUESTIONS_MAX) {
      throw new AriaError(
        'chain_rejected',
        `The RPC gives too few blocks at a time to read ${from} to ${to}.`,
        {
          hint: 'Use an RPC that serves eth_getLogs over longer ranges.',
        },
      )
    }
    const until = at + size - 1n < to ? at + size - 1n : to
    try {
      found.push(...(await ask(at, until)))
      at = until + 1n
    } catch (thrown) {
      if (size <= RANGE_MIN) throw thrown
      size = size / 2n
    }
  }
  return found
}
