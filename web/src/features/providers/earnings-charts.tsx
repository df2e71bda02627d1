import type { ProviderEpoch } from '@aria/indexer/api'
import { useMemo } from 'react'
import { BarChart } from '../../components/ui/bar-chart.tsx'
import type { ChartSeries } from '../../components/ui/bar-options.ts'
import { Card } from '../../components/ui/card.tsx'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { useNow } from '../../lib/clock.ts'
import { ariaForPixels, axisNumber, count, shortAria } from '../../lib/format.ts'

interface EarningsChartProps {
  title: string
  epochs: ProviderEpoch[]
  toSeries: (epochs: ProviderEpoch[]) => ChartSeries
}

/** What each epoch brought. Rewards can be a million times the payments, so one scale would hide one of them. */
export function EarningsCharts({ epochs }: { epochs: ProviderEpoch[] }) {
  const oldestFirst = useMemo(() => epochs.toSorted((a, b) => a.epoch - b.epoch), [epochs])
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <EarningsChart title="Earned per epoch" epochs={oldestFirst} toSeries={payments} />
      <EarningsChart title="Rewards per epoch" epochs={oldestFirst} toSeries={rewards} />
    </div>
  )
}

function payments(epochs: ProviderEpoch[]): ChartSeries {
  const net = epochs.map(({ redeemed, fee }) => BigInt(redeemed) - BigInt(fee))
  return { ...amounts(net), name: 'Net of the fee', color: '--color-accent-fill', swatch: 'bg-accent-fill' }
}

function rewards(epochs: ProviderEpoch[]): ChartSeries {
  const claimed = epochs.map(({ reward }) => BigInt(reward))
  return { ...amounts(claimed), name: 'Claimed', color: '--color-second-fill', swatch: 'bg-second-fill' }
}

function amounts(values: bigint[]): Pick<ChartSeries, 'heights' | 'texts'> {
  return { heights: values.map(ariaForPixels), texts: values.map(wei => `${shortAria(wei)} ARIA`) }
}

function EarningsChart({ title, epochs, toSeries }: EarningsChartProps) {
  const now = useNow()
  const xs = useMemo(() => epochs.map(({ epoch }) => epoch), [epochs])
  const series = useMemo(() => [toSeries(epochs)], [epochs, toSeries])
  const runs = (epoch: number) => epochs.some(other => other.epoch === epoch && other.end > now)
  const xText = (epoch: number) => `epoch ${count(epoch)}${runs(epoch) ? ', running' : ''}`

  if (epochs.length === 0) {
    return (
      <Card title={title} flush>
        <EmptyState title="No epoch with work yet">
          The first bar appears with the first paid request.
        </EmptyState>
      </Card>
    )
  }

  return (
    <Card title={title}>
      <BarChart label={title} xs={xs} xText={xText} series={series} axisText={axisNumber} />
    </Card>
  )
}
