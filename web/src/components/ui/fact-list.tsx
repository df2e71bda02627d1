import type { ReactNode } from 'react'

export interface Fact {
  label: string
  value: ReactNode
}

/** Names on the left, values on the right, one hairline between the lines. */
export function FactList({ facts }: { facts: Fact[] }) {
  return (
    <dl className="divide-y divide-line">
      {facts.map(({ label, value }) => (
        <div key={label} className="flex min-h-10 flex-wrap items-center justify-between gap-x-4 py-1.5">
          <dt className="text-soft">{label}</dt>
          <dd className="min-w-0 text-right">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
