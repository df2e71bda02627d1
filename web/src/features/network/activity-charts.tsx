import type { EpochPoint } from '@aria/indexer/api'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { QueryError } from '../../components/query-error.tsx'
import { BarChart } from '../../components/ui/bar-chart.tsx'
import type { ChartSeries } from '../../components/ui/bar-options.ts'
import { Card } from '../../components/ui/card.tsx'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { useNow } from '../../lib/clock.ts'
import { ariaForPixels, axisNumber, count, shortAria } from '../../lib/format.ts'
import { seriesQuery } from './queries.ts'

interface ActivityChartProps {
  title: string
  toSeries: (points: EpochPoint[]) => ChartSeries[]
}

/** Tokens and money over epochs: two charts, because they have no common scale. */
export function ActivityCharts() {
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <ActivityChart title="Tokens per epoch" toSeries={tokens} />
      <ActivityChart title="Redeemed per epoch" toSeries={redeemed} />
    </div>
  )
}

function tokens(points: EpochPoint[]): ChartSeries[] {
  return [
    {
      name: 'Output tokens',
      color: '--color-accent-fill',
      swatch: 'bg-accent-fill',
      heights: points.map(point => point.outputTokens),
      texts: points.map(point => count(point.outputTokens)),
    },
  ]
}

function redeemed(points: EpochPoint[]): ChartSeries[] {
  return [
    {
      name: 'Redeemed',
      color: '--color-second-fill',
      swatch: 'bg-second-fill',
      heights: points.map(point => ariaForPixels(BigInt(point.redeemed))),
      texts: points.map(point => `${shortAria(BigInt(point.redeemed))} ARIA`),
    },
  ]
}

function ActivityChart({ title, toSeries }: ActivityChartProps) {
  return (
    <Card title={title}>
      {/* As high as the chart, whatever is in it: the page does not move when the data comes. */}
      <div className="-mx-4 h-[12.9rem] sm:-mx-5">
        <Epochs title={title} toSeries={toSeries} />
      </div>
    </Card>
  )
}

function Epochs({ title, toSeries }: ActivityChartProps) {
  const points = useQuery(seriesQuery())

  if (points.isPending) return <p className="sr-only">Loading {title}</p>
  if (points.isLoadingError) {
    return <QueryError what="the epochs" error={points.error} onRetry={points.refetch} />
  }
  if (points.data.every(isQuiet)) {
    return (
      <EmptyState title="No epoch with work yet">
        The first bar appears with the first paid request.
      </EmptyState>
    )
  }

  return <Bars title={title} points={points.data} toSeries={toSeries} />
}

function Bars({ title, points, toSeries }: ActivityChartProps & { points: EpochPoint[] }) {
  const now = useNow()
  const xs = useMemo(() => points.map(({ epoch }) => epoch), [points])
  const series = useMemo(() => toSeries(points), [points, toSeries])
  const runs = (epoch: number) => points.some(point => point.epoch === epoch && point.end > now)
  const xText = (epoch: number) => `epoch ${count(epoch)}${runs(epoch) ? ', running' : ''}`
  return (
    <div className="px-4 sm:px-5">
      <BarChart label={title} xs={xs} xText={xText} series={series} axisText={axisNumber} />
    </div>
  )
}

function isQuiet({ outputTokens, requests, redeemed }: EpochPoint): boolean {
  return outputTokens === 0 && requests === 0 && BigInt(redeemed) === 0n
}
