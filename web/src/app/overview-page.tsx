import { Card } from '../components/ui/card.tsx'
import { ActivityCharts } from '../features/network/activity-charts.tsx'
import { EpochClock } from '../features/network/epoch-clock.tsx'
import { Headline } from '../features/network/headline.tsx'
import { MoneyAtRest } from '../features/network/money-at-rest.tsx'
import { ProvidersTable } from '../features/providers/providers-table.tsx'
import { LiveActivity } from './live-activity.tsx'
import { PageTitle } from './page-title.tsx'

export function OverviewPage() {
  return (
    <>
      <PageTitle title="Network" aside={<EpochClock />}>
        CPUs answer for 1-bit language models: paid per token, every answer checkable.
      </PageTitle>
      <div className="flex flex-col gap-4">
        <Headline />
        <ActivityCharts />
        <Card title="Providers" aside="ARIA, prices per million tokens" flush>
          <ProvidersTable />
        </Card>
        <div className="grid gap-4 lg:grid-cols-2">
          <MoneyAtRest />
          <LiveActivity />
        </div>
      </div>
    </>
  )
}
