import type { ProviderEpoch } from '@aria/indexer/api'
import { useMemo } from 'react'
import { BarChart } from '../../components/ui/bar-chart.tsx'
import type { ChartSeries } from '../../components/ui/bar-options.ts'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { useNow } from '../../lib/clock.ts'
import { ariaForPixels, axisNumber, count, shortAria } from '../../lib/format.ts'

/** What each epoch brought: payments net of the burned fee, and rewards on top. */
export function EarningsChart({ epochs }: { epochs: ProviderEpoch[] }) {
  const oldestFirst = useMemo(() => epochs.toSorted((a, b) => a.epoch - b.epoch), [epochs])
  const xs = useMemo(() => oldestFirst.map(({ epoch }) => epoch), [oldestFirst])
  const series = useMemo(() => earnings(oldestFirst), [oldestFirst])
  const now = useNow()
  const runs = (epoch: number) => epochs.some(other => other.epoch === epoch && other.end > now)
  const xText = (epoch: number) => `epoch ${count(epoch)}${runs(epoch) ? ', running' : ''}`

  if (epochs.length === 0) {
    return (
      <EmptyState title="No earnings yet">
        The first bar appears when vouchers of this provider have been redeemed.
      </EmptyState>
    )
  }

  return <BarChart label="Earnings per epoch" xs={xs} xText={xText} series={series} axisText={axisNumber} />
}

function earnings(epochs: ProviderEpoch[]): ChartSeries[] {
  const net = epochs.map(({ redeemed, fee }) => BigInt(redeemed) - BigInt(fee))
  const rewards = epochs.map(({ reward }) => BigInt(reward))
  return [
    { ...amounts(net), name: 'Payments', color: '--color-accent-fill', swatch: 'bg-accent-fill' },
    { ...amounts(rewards), name: 'Rewards', color: '--color-second-fill', swatch: 'bg-second-fill' },
  ]
}

function amounts(values: bigint[]): Pick<ChartSeries, 'heights' | 'texts'> {
  return { heights: values.map(ariaForPixels), texts: values.map(wei => `${shortAria(wei)} ARIA`) }
}
