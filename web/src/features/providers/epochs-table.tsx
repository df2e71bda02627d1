import type { ProviderEpoch } from '@aria/indexer/api'
import { AriaAmount } from '../../components/aria-amount.tsx'
import { Badge } from '../../components/ui/badge.tsx'
import { type Column, DataTable } from '../../components/ui/data-table.tsx'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { Hash } from '../../components/ui/hash.tsx'
import { TimeAgo } from '../../components/ui/time-ago.tsx'
import { count } from '../../lib/format.ts'
import { Score } from './score.tsx'

const COLUMNS: Column<ProviderEpoch>[] = [
  {
    header: 'Epoch',
    cell: ({ epoch }) => <span className="font-medium">{count(epoch)}</span>,
    kind: 'title',
  },
  { header: 'Ended', cell: ({ end }) => <TimeAgo seconds={end} /> },
  { header: 'Requests', cell: ({ requests }) => count(requests), kind: 'numeric' },
  { header: 'Tokens', cell: ({ outputTokens }) => count(outputTokens), kind: 'numeric' },
  { header: 'Redeemed', cell: ({ redeemed }) => <AriaAmount wei={redeemed} unit={false} />, kind: 'numeric' },
  { header: 'Fee', cell: ({ fee }) => <AriaAmount wei={fee} unit={false} />, kind: 'numeric' },
  {
    header: 'Receipt root',
    cell: ({ root }) =>
      root === null ? <None why="Not committed" /> : <Hash value={root} what="receipt root" />,
  },
  { header: 'Score', cell: ({ score }) => <Score score={score} />, kind: 'numeric' },
  { header: 'Reward', cell: ({ reward }) => <AriaAmount wei={reward} unit={false} />, kind: 'numeric' },
  { header: 'State', cell: epoch => <EpochState epoch={epoch} />, kind: 'state' },
]

const EPOCHS_SHOWN = 10

/** Each epoch's work, its root on chain, and what became of it. */
export function EpochsTable({ epochs }: { epochs: ProviderEpoch[] }) {
  if (epochs.length === 0) {
    return (
      <EmptyState title="No epoch with work yet">
        A row appears with this provider’s first receipt.
      </EmptyState>
    )
  }

  const newestFirst = epochs.toSorted((a, b) => b.epoch - a.epoch)
  return (
    <DataTable
      caption="Epochs"
      columns={COLUMNS}
      rows={newestFirst}
      rowKey={row => row.epoch}
      rowsShown={EPOCHS_SHOWN}
    />
  )
}

function None({ why }: { why: string }) {
  return <span className="text-faint">{why}</span>
}

function EpochState({ epoch: { claimed, finalized, root } }: { epoch: ProviderEpoch }) {
  if (claimed) return <Badge tone="good">Claimed</Badge>
  if (finalized) return <Badge tone="info">Finalized</Badge>
  if (root !== null) return <Badge tone="neutral">Committed</Badge>
  return <Badge tone="neutral">Open</Badge>
}
