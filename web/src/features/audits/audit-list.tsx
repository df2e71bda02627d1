import { useQuery } from '@tanstack/react-query'
import { QueryError } from '../../components/query-error.tsx'
import { PendingRows } from '../../components/ui/pending-rows.tsx'
import { AuditsTable } from './audits-table.tsx'
import { auditsQuery } from './queries.ts'

/** The newest audits of the whole network or of one provider; the empty state is the table's own. */
export function AuditList({ operator }: { operator: string | undefined }) {
  const audits = useQuery(auditsQuery({ operator }))

  if (audits.isPending) return <PendingRows label="Loading audits" rows={8} />
  if (audits.isLoadingError) {
    return <QueryError what="the audits" error={audits.error} onRetry={audits.refetch} />
  }

  return <AuditsTable audits={audits.data} />
}
