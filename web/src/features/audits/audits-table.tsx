import type { AuditView } from '@aria/indexer/api'
import { OperatorLink } from '../../components/operator-link.tsx'
import { Badge } from '../../components/ui/badge.tsx'
import { type Column, DataTable } from '../../components/ui/data-table.tsx'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { Hash } from '../../components/ui/hash.tsx'
import { TimeAgo } from '../../components/ui/time-ago.tsx'
import { count } from '../../lib/format.ts'
import { OnChainBadge } from './on-chain-badge.tsx'

const COLUMNS: Column<AuditView>[] = [
  {
    header: 'Epoch',
    cell: ({ epoch }) => <span className="font-medium">{count(epoch)}</span>,
    kind: 'title',
  },
  {
    header: 'Result',
    cell: ({ failed, sampled }) => <Result failed={failed} sampled={sampled} />,
    kind: 'state',
  },
  { header: 'Checked', cell: ({ time }) => <TimeAgo seconds={time} /> },
  { header: 'Provider', cell: ({ operator }) => <OperatorLink operator={operator} /> },
  { header: 'Verifier', cell: ({ verifier }) => <Hash value={verifier} what="verifier address" /> },
  { header: 'Sampled', cell: ({ sampled }) => count(sampled), kind: 'numeric' },
  { header: 'Passed', cell: ({ passed }) => count(passed), kind: 'numeric' },
  { header: 'Failed', cell: ({ failed }) => <Failures failed={failed} />, kind: 'numeric' },
  { header: 'Score', cell: ({ score }) => count(score), kind: 'numeric' },
  { header: 'On chain', cell: ({ onChain }) => <OnChainBadge onChain={onChain} /> },
]

interface AuditsTableProps {
  audits: AuditView[]
  /** On a provider's own page its column would repeat one address. */
  withProvider?: boolean
  rowsShown?: number
}

/** What auditors re-executed, and the first reason of each failure in words. */
export function AuditsTable({ audits, withProvider = true, rowsShown }: AuditsTableProps) {
  if (audits.length === 0) {
    return (
      <EmptyState title="No audits yet">
        When an epoch closes, auditors draw receipts at random, run them again and compare every token.
      </EmptyState>
    )
  }

  return (
    <DataTable
      caption="Audits"
      columns={COLUMNS.filter(({ header }) => withProvider || header !== 'Provider')}
      rows={audits}
      rowKey={row => `${row.epoch}-${row.operator}-${row.verifier}`}
      note={row => row.reason}
      {...(rowsShown && { rowsShown })}
    />
  )
}

function Result({ failed, sampled }: { failed: number; sampled: number }) {
  if (failed > 0) return <Badge tone="bad">Failed</Badge>
  if (sampled > 0) return <Badge tone="good">Passed</Badge>
  return <Badge tone="neutral">Nothing sampled</Badge>
}

function Failures({ failed }: { failed: number }) {
  return <span className={failed > 0 ? 'font-semibold text-bad' : 'text-faint'}>{count(failed)}</span>
}
