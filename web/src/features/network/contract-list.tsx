import { useQuery } from '@tanstack/react-query'
import { Hash } from '../../components/ui/hash.tsx'
import { networkQuery } from './queries.ts'

/** Where the contracts are, folded away in the footer. */
export function ContractList() {
  const { data } = useQuery(networkQuery())
  if (data === undefined) return null
  return (
    <details className="group">
      <summary className="inline-flex list-none items-center gap-1.5 text-soft hover:text-ink [&::-webkit-details-marker]:hidden">
        Contracts
        <span aria-hidden="true" className="transition-transform group-open:rotate-90">
          ›
        </span>
      </summary>
      <dl className="mt-2 grid gap-x-8 gap-y-1 sm:grid-cols-2 lg:grid-cols-4">
        {Object.entries(data.contracts).map(([name, address]) => (
          <div key={name} className="flex items-center justify-between gap-3">
            <dt className="text-soft capitalize">{name}</dt>
            <dd>
              <Hash value={address} what={`${name} contract address`} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
