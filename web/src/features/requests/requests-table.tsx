import type { RequestView } from '@aria/indexer/api'
import { AriaAmount } from '../../components/aria-amount.tsx'
import { OperatorLink } from '../../components/operator-link.tsx'
import { type Column, DataTable } from '../../components/ui/data-table.tsx'
import { Hash } from '../../components/ui/hash.tsx'
import { TimeAgo } from '../../components/ui/time-ago.tsx'
import { count, requestDuration } from '../../lib/format.ts'
import { Finish } from './finish.tsx'
import { RequestState } from './request-state.tsx'

const COLUMNS: Column<RequestView>[] = [
  {
    header: 'Receipt',
    cell: ({ receiptHash }) => <Hash value={receiptHash} what="receipt hash" />,
    kind: 'title',
  },
  { header: 'Time', cell: ({ endedAt }) => <TimeAgo seconds={endedAt} /> },
  { header: 'Provider', cell: ({ operator }) => <OperatorLink operator={operator} /> },
  { header: 'Model', cell: ({ modelName }) => modelName ?? <span className="text-faint">–</span> },
  { header: 'In', cell: ({ inputTokens }) => count(inputTokens), kind: 'numeric' },
  { header: 'Out', cell: ({ outputTokens }) => count(outputTokens), kind: 'numeric' },
  { header: 'Took', cell: ({ startedAt, endedAt }) => requestDuration(startedAt, endedAt), kind: 'numeric' },
  { header: 'Cost, ARIA', cell: ({ cost }) => <AriaAmount wei={cost} unit={false} />, kind: 'numeric' },
  { header: 'Ended', cell: ({ finish }) => <Finish finish={finish} /> },
  { header: 'Epoch', cell: ({ epoch }) => count(epoch), kind: 'numeric' },
  { header: 'State', cell: ({ state }) => <RequestState state={state} />, kind: 'state' },
]

export function RequestsTable({ requests }: { requests: RequestView[] }) {
  return (
    <DataTable
      caption="Requests"
      columns={COLUMNS}
      rows={requests}
      rowKey={row => row.receiptHash}
      note={row => row.failure}
    />
  )
}
