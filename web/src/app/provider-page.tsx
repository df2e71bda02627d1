import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { QueryError } from '../components/query-error.tsx'
import { Card } from '../components/ui/card.tsx'
import { PendingRows } from '../components/ui/pending-rows.tsx'
import { providerQuery } from '../features/providers/queries.ts'
import { ApiError } from '../lib/api.ts'
import { shortHex } from '../lib/format.ts'
import { BackLink } from './back-link.tsx'
import { PageTitle } from './page-title.tsx'
import { ProviderView } from './provider-view.tsx'

const route = getRouteApi('/providers/$operator')

export function ProviderPage() {
  const { operator } = route.useParams()
  return (
    <>
      <BackLink />
      <Provider operator={operator} />
    </>
  )
}

function Provider({ operator }: { operator: string }) {
  const provider = useQuery(providerQuery(operator))

  if (provider.isPending) {
    return (
      <>
        <PageTitle title={`Provider ${shortHex(operator)}`} />
        <Card title="Loading" flush>
          <PendingRows label="Loading provider" rows={12} />
        </Card>
      </>
    )
  }
  if (provider.isLoadingError) {
    const unknown = provider.error instanceof ApiError && provider.error.status === 404
    return (
      <>
        <PageTitle title={`Provider ${shortHex(operator)}`} />
        <Card title={unknown ? 'No such provider' : 'Nothing to show'} flush>
          <QueryError what={`provider ${operator}`} error={provider.error} onRetry={provider.refetch} />
        </Card>
      </>
    )
  }

  return <ProviderView provider={provider.data} />
}
