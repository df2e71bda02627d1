import { Card } from '../components/ui/card.tsx'
import { EmptyState } from '../components/ui/empty-state.tsx'
import { BackLink } from './back-link.tsx'
import { PageTitle } from './page-title.tsx'

export function NotFoundPage() {
  return (
    <>
      <BackLink />
      <PageTitle title="No such page" />
      <Card title="Nothing lives at this address" flush>
        <EmptyState title="The link may be old, or mistyped.">
          The network’s overview is one click away.
        </EmptyState>
      </Card>
    </>
  )
}
