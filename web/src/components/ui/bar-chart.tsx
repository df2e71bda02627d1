import { type KeyboardEvent, lazy, Suspense, useState } from 'react'
import type { ChartSeries } from './bar-options.ts'

/** uPlot comes in its own chunk; the space for it is there from the start. */
const BarCanvas = lazy(async () => ({ default: (await import('./bar-canvas.tsx')).BarCanvas }))

interface BarChartProps {
  label: string
  /** Whole numbers, oldest first. */
  xs: number[]
  xText: (x: number) => string
  /** Stacked from the bottom up. */
  series: ChartSeries[]
  axisText: (value: number) => string
}

/** Bars over whole steps. The exact values of one step are written above: the pointed-at one, else the newest. */
export function BarChart({ label, xs, xText, series, axisText }: BarChartProps) {
  const [pointed, setPointed] = useState<number | null>(null)
  const last = xs.length - 1
  const index = Math.min(pointed ?? last, last)

  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setPointed(Math.min(last, Math.max(0, index + by)))
  }

  return (
    // biome-ignore-start lint/a11y/noNoninteractiveTabindex: arrow keys do here what the pointer does.
    <figure
      aria-label={`${label}; arrow keys move from bar to bar`}
      tabIndex={0}
      className="outline-offset-8"
      onKeyDown={step}
      onBlur={() => setPointed(null)}
    >
      <figcaption
        className="flex flex-wrap items-baseline gap-x-5 gap-y-1 text-[0.8125rem]"
        aria-live="polite"
      >
        {series.map(({ name, swatch, texts }) => (
          <span key={name} className="inline-flex items-baseline gap-1.5 whitespace-nowrap text-soft">
            <span aria-hidden="true" className={`size-2 rounded-[2px] ${swatch}`} />
            {name}
            <span className="font-semibold text-ink">{texts[index]}</span>
          </span>
        ))}
        <span className="ml-auto whitespace-nowrap text-faint">{xText(xs[index] ?? 0)}</span>
      </figcaption>
      <div className="mt-3 h-44">
        <Suspense fallback={null}>
          <BarCanvas xs={xs} series={series} axisText={axisText} pointed={pointed} onPoint={setPointed} />
        </Suspense>
      </div>
    </figure>
    // biome-ignore-end lint/a11y/noNoninteractiveTabindex: see above.
  )
}
