import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { QueryError } from '../../components/query-error.tsx'
import { BUTTON_CLASS } from '../../components/ui/button.tsx'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { PendingRows } from '../../components/ui/pending-rows.tsx'
import { requestsQuery } from './queries.ts'
import { RequestsTable } from './requests-table.tsx'

interface RequestListProps {
  operator: string | undefined
  before: string | undefined
  /** Shown when the network has served nothing at all. */
  whenNone: ReactNode
}

/** One page of public receipts, newest first. */
export function RequestList({ operator, before, whenNone }: RequestListProps) {
  const requests = useQuery(requestsQuery({ operator, before }))

  if (requests.isPending) return <PendingRows label="Loading requests" rows={10} />
  if (requests.isLoadingError) {
    return <QueryError what="the requests" error={requests.error} onRetry={requests.refetch} />
  }
  if (requests.data.items.length === 0) {
    if (before !== undefined) return <EmptyState title="No older requests" />
    if (operator !== undefined)
      return <EmptyState title="No public request was served by this provider yet" />
    return whenNone
  }

  return (
    <div aria-busy={requests.isPlaceholderData}>
      <RequestsTable requests={requests.data.items} />
      <Pages operator={operator} before={before} next={requests.data.next} />
    </div>
  )
}

interface PagesProps {
  operator: string | undefined
  before: string | undefined
  next: string | null
}

function Pages({ operator, before, next }: PagesProps) {
  if (before === undefined && next === null) return null
  return (
    <nav aria-label="Pages" className="flex justify-end gap-2 border-line border-t px-4 py-3 sm:px-5">
      {before !== undefined && (
        <Link to="/requests" search={{ operator }} className={BUTTON_CLASS}>
          Newest
        </Link>
      )}
      {next !== null && (
        <Link to="/requests" search={{ operator, before: next }} className={BUTTON_CLASS}>
          Older
        </Link>
      )}
    </nav>
  )
}
