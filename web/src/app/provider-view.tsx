import type { ProviderDetail } from '@aria/indexer/api'
import { Link } from '@tanstack/react-router'
import { Card } from '../components/ui/card.tsx'
import { AuditsTable } from '../features/audits/audits-table.tsx'
import { EarningsCharts } from '../features/providers/earnings-charts.tsx'
import { EpochsTable } from '../features/providers/epochs-table.tsx'
import { IdentityFacts } from '../features/providers/identity-facts.tsx'
import { OfferFacts } from '../features/providers/offer-facts.tsx'
import { ProviderHeader } from '../features/providers/provider-header.tsx'
import { ProviderTotals } from '../features/providers/provider-totals.tsx'

const AUDITS_SHOWN = 5

/** One provider: what it earned, what it offers, who it is, how it was judged. */
export function ProviderView({ provider }: { provider: ProviderDetail }) {
  const { operator, epochs, audits } = provider
  return (
    <div className="flex flex-col gap-4">
      <ProviderHeader provider={provider} />
      <ProviderTotals provider={provider} />
      <EarningsCharts epochs={epochs} />
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title="Offer" flush={!provider.online}>
          <OfferFacts provider={provider} />
        </Card>
        <Card title="Identity">
          <IdentityFacts provider={provider} />
        </Card>
      </div>
      <Card title="Audits" flush>
        <AuditsTable audits={audits} withProvider={false} rowsShown={AUDITS_SHOWN} />
      </Card>
      <Card
        title="Epochs"
        flush
        aside={
          <Link to="/requests" search={{ operator }} className="text-accent hover:underline">
            Requests of this provider
          </Link>
        }
      >
        <EpochsTable epochs={epochs} />
      </Card>
    </div>
  )
}
