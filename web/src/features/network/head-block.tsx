import { useQuery } from '@tanstack/react-query'
import { count } from '../../lib/format.ts'
import { networkQuery } from './queries.ts'

/** The chain's name and height in the header; a phone finds them in the footer. */
export function HeadBlock() {
  const { data } = useQuery(networkQuery())
  if (data === undefined) return null
  return (
    <span className="hidden items-center gap-2 text-[0.8125rem] text-soft md:inline-flex">
      <span className="capitalize">{data.network}</span>
      <span aria-hidden="true" className="text-faint">
        /
      </span>
      <span>block {count(data.head.block)}</span>
    </span>
  )
}
