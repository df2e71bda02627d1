import { useQuery } from '@tanstack/react-query'
import { FirstRequest } from '../components/first-request.tsx'
import { QueryError } from '../components/query-error.tsx'
import { Card } from '../components/ui/card.tsx'
import { PendingRows } from '../components/ui/pending-rows.tsx'
import { auditsQuery } from '../features/audits/queries.ts'
import { useLive } from '../features/live/live-context.ts'
import { requestsQuery } from '../features/requests/queries.ts'
import { activityItems } from './activity-items.ts'
import { ActivityRow } from './activity-row.tsx'

const ITEMS_SHOWN = 8
/** Each provider has several verifiers in an epoch, and they share a line. */
const AUDITS_READ = ITEMS_SHOWN * 5

/** What just happened: requests, audits, and the money moves seen since the page was opened. */
export function LiveActivity() {
  return (
    <Card title="Live activity" flush>
      <Activity />
    </Card>
  )
}

function Activity() {
  const requests = useQuery(requestsQuery({ limit: ITEMS_SHOWN }))
  const audits = useQuery(auditsQuery({ limit: AUDITS_READ }))
  const { recent } = useLive()

  if (requests.isPending || audits.isPending)
    return <PendingRows label="Loading activity" rows={ITEMS_SHOWN} />
  if (requests.isLoadingError) {
    return <QueryError what="the requests" error={requests.error} onRetry={requests.refetch} />
  }
  if (audits.isLoadingError)
    return <QueryError what="the audits" error={audits.error} onRetry={audits.refetch} />

  const items = activityItems({ requests: requests.data.items, audits: audits.data, changes: recent })
  if (items.length === 0) return <FirstRequest />

  return (
    <ul className="divide-y divide-line">
      {items.slice(0, ITEMS_SHOWN).map(item => (
        <ActivityRow key={item.key} item={item} />
      ))}
    </ul>
  )
}
