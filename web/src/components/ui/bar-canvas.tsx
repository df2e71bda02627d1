import { useEffect, useEffectEvent, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useTheme } from '../../lib/theme.ts'
import { barData, barOptions, type ChartSeries } from './bar-options.ts'

interface BarCanvasProps {
  xs: number[]
  series: ChartSeries[]
  axisText: (value: number) => string
  pointed: number | null
  onPoint: (index: number | null) => void
}

/** Owns the uPlot instance: made anew for a theme or another set of series, fed in place otherwise. */
export function BarCanvas({ xs, series, axisText, pointed, onPoint }: BarCanvasProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const theme = useTheme()
  const seriesKey = series.map(({ name }) => name).join()

  const draw = useEffectEvent((element: HTMLElement) => {
    const { width, height } = element.getBoundingClientRect()
    const options = barOptions({ width, height, series, axisText, colorOf: colorIn(element), onPoint })
    return new uPlot(options, barData(xs, series), element)
  })

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, which follows the theme.
  useEffect(() => {
    const element = host.current!
    if (!canDraw()) return
    const made = draw(element)
    plot.current = made
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      made.setSize({ width, height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [theme, seriesKey])

  useEffect(() => plot.current?.setData(barData(xs, series)), [xs, series])

  useEffect(() => {
    const made = plot.current
    if (made === null || made.cursor.idx === pointed) return
    const left = pointed === null ? -10 : made.valToPos(xs[pointed] ?? 0, 'x')
    made.setCursor({ left, top: 0 })
  }, [pointed, xs])

  return <div ref={host} aria-hidden="true" className="h-full overflow-hidden" />
}

/** Browsers that block canvas reading give no context; the figures above the chart remain. */
function canDraw(): boolean {
  return document.createElement('canvas').getContext('2d') !== null
}

function colorIn(element: HTMLElement): (property: string) => string {
  return property => {
    const probe = document.createElement('span')
    probe.style.color = `var(${property})`
    element.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
}
