import type { NetworkView } from '@aria/indexer/api'
import { useQuery } from '@tanstack/react-query'
import { TimeAgo } from '../../components/ui/time-ago.tsx'
import { count, plural } from '../../lib/format.ts'
import { networkQuery } from './queries.ts'

/** Which chain this is and how fresh the index is, for the footer. */
export function ChainFacts() {
  const { data } = useQuery(networkQuery())
  return (
    <dl className="grid min-h-10 grid-cols-2 gap-x-8 gap-y-3 sm:flex sm:flex-wrap">
      <Fact label="Network" value={<span className="capitalize">{data?.network ?? '–'}</span>} />
      <Fact label="Chain id" value={data?.chainId ?? '–'} />
      <Fact label="Head block" value={data ? <Head head={data.head} /> : '–'} />
      <Fact label="Lag" value={data ? lag(data.lagBlocks) : '–'} />
    </dl>
  )
}

function Head({ head }: { head: NetworkView['head'] }) {
  return (
    <>
      {count(head.block)}{' '}
      <span className="text-faint">
        <TimeAgo seconds={head.time} />
      </span>
    </>
  )
}

function lag(blocks: number | null): string {
  if (blocks === null) return 'chain unreachable'
  return blocks === 0 ? 'none' : plural(blocks, 'block')
}

function Fact({ label, value }: { label: string; value: React.ReactNode }) {
  return (
    <div>
      <dt className="text-faint text-xs">{label}</dt>
      <dd>{value}</dd>
    </div>
  )
}
