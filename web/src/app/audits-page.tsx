import { getRouteApi } from '@tanstack/react-router'
import { Card } from '../components/ui/card.tsx'
import { AuditList } from '../features/audits/audit-list.tsx'
import { PageTitle } from './page-title.tsx'
import { ProviderFilter } from './provider-filter.tsx'

const route = getRouteApi('/audits')

export function AuditsPage() {
  const { operator } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <>
      <PageTitle title="Audits">
        After an epoch, auditors draw receipts at random and run them again. The engine gives the same bits on
        every CPU, so one differing token is proof.
      </PageTitle>
      <Card
        title="Newest audits"
        flush
        aside={
          <ProviderFilter
            operator={operator}
            onChoose={chosen => navigate({ search: { operator: chosen } })}
          />
        }
      >
        <AuditList operator={operator} />
      </Card>
    </>
  )
}
