import { Skeleton } from './skeleton.tsx'

/** Placeholder of a table or list with the height that its rows will have. */
export function PendingRows({ label, rows }: { label: string; rows: number }) {
  return (
    <div role="status" aria-label={label} className="divide-y divide-line">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical rows that never move.
        <div key={row} className="flex h-12 items-center justify-between gap-6 px-4 sm:px-5">
          <Skeleton className="h-3.5 w-2/5" />
          <Skeleton className="h-3.5 w-1/5" />
        </div>
      ))}
    </div>
  )
}
