import type { ProviderSummary } from '@aria/indexer/api'
import { useQuery } from '@tanstack/react-query'
import { AriaAmount } from '../../components/aria-amount.tsx'
import { OperatorLink } from '../../components/operator-link.tsx'
import { QueryError } from '../../components/query-error.tsx'
import { CodeLine } from '../../components/ui/code-line.tsx'
import { type Column, DataTable } from '../../components/ui/data-table.tsx'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { PendingRows } from '../../components/ui/pending-rows.tsx'
import { compactCount, count } from '../../lib/format.ts'
import { AuditBadge } from './audit-badge.tsx'
import { OnlineBadge } from './online-badge.tsx'
import { Price } from './price.tsx'
import { providersQuery } from './queries.ts'
import { Score } from './score.tsx'

const COLUMNS: Column<ProviderSummary>[] = [
  { header: 'Provider', cell: ({ operator }) => <OperatorLink operator={operator} />, kind: 'title' },
  { header: 'State', cell: ({ online }) => <OnlineBadge online={online} />, kind: 'state' },
  { header: 'Model', cell: ({ modelName }) => modelName ?? <span className="text-faint">–</span> },
  {
    header: 'Price in',
    cell: ({ pricePerInputToken }) => <Price weiPerToken={pricePerInputToken} />,
    kind: 'numeric',
  },
  {
    header: 'Price out',
    cell: ({ pricePerOutputToken }) => <Price weiPerToken={pricePerOutputToken} />,
    kind: 'numeric',
  },
  { header: 'Score', cell: ({ score }) => <Score score={score} />, kind: 'numeric' },
  { header: 'Audits', cell: ({ audit }) => <AuditBadge audit={audit} /> },
  { header: 'Stake', cell: ({ stake }) => <AriaAmount wei={stake} unit={false} />, kind: 'numeric' },
  {
    header: 'Tokens',
    cell: ({ outputTokens }) => <span title={count(outputTokens)}>{compactCount(outputTokens)}</span>,
    kind: 'numeric',
  },
  { header: 'Earned', cell: ({ earned }) => <AriaAmount wei={earned} unit={false} />, kind: 'numeric' },
  { header: 'Rewards', cell: ({ rewards }) => <AriaAmount wei={rewards} unit={false} />, kind: 'numeric' },
]

/** Everyone who staked: what they ask, how they did, what they earned. */
export function ProvidersTable() {
  const providers = useQuery(providersQuery())

  if (providers.isPending) return <PendingRows label="Loading providers" rows={3} />
  if (providers.isLoadingError) {
    return <QueryError what="the providers" error={providers.error} onRetry={providers.refetch} />
  }
  if (providers.data.length === 0) return <NoProviders />

  return (
    <DataTable caption="Providers" columns={COLUMNS} rows={providers.data} rowKey={row => row.operator} />
  )
}

function NoProviders() {
  return (
    <EmptyState title="No provider has staked yet">
      An operator stakes and starts one program; it then appears here with its price.
      <CodeLine code="npx aria provider start" what="command" />
    </EmptyState>
  )
}
