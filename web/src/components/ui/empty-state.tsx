import type { ReactNode } from 'react'

/** Nothing here yet: says why, and how something gets here. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col gap-1.5 px-4 py-8 sm:px-5">
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="max-w-prose text-soft">{children}</div>}
    </div>
  )
}
