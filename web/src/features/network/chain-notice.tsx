import { useQuery } from '@tanstack/react-query'
import { plural } from '../../lib/format.ts'
import { networkQuery } from './queries.ts'

/** A block or two behind is the normal way of an index that follows a chain. */
const LAG_UNREMARKABLE = 5

/** Says so at the top when the numbers below are old, and why. */
export function ChainNotice() {
  const { data, isRefetchError } = useQuery(networkQuery())
  const text = data && notice(data.lagBlocks, isRefetchError)
  if (!text) return null
  return (
    <p
      role="alert"
      className="border-line border-b bg-raised px-4 py-2 text-center text-[0.8125rem] text-warn"
    >
      {text}
    </p>
  )
}

function notice(lagBlocks: number | null, indexerAway: boolean): string | null {
  if (indexerAway) return 'The indexer does not answer. These are the last numbers received.'
  if (lagBlocks === null) return 'The indexer cannot reach the chain. These numbers stand still until it can.'
  if (lagBlocks <= LAG_UNREMARKABLE) return null
  return `The index is ${plural(lagBlocks, 'block')} behind the chain and catching up.`
}
