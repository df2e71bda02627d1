import { getRouteApi } from '@tanstack/react-router'
import { FirstRequest } from '../components/first-request.tsx'
import { Card } from '../components/ui/card.tsx'
import { RequestList } from '../features/requests/request-list.tsx'
import { PageTitle } from './page-title.tsx'
import { ProviderFilter } from './provider-filter.tsx'

const route = getRouteApi('/requests')

export function RequestsPage() {
  const { operator, before } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <>
      <PageTitle title="Requests">
        Public receipts, newest first. Each is signed by its provider, priced by exact tokens, and open to an
        audit.
      </PageTitle>
      <Card
        title={before === undefined ? 'Newest requests' : 'Older requests'}
        flush
        aside={
          <ProviderFilter
            operator={operator}
            onChoose={chosen => navigate({ search: { operator: chosen } })}
          />
        }
      >
        <RequestList operator={operator} before={before} whenNone={<FirstRequest />} />
      </Card>
    </>
  )
}
