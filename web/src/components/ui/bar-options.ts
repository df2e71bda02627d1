import uPlot from 'uplot'

export interface ChartSeries {
  name: string
  /** A custom property of the theme, such as `--color-accent-fill`, and the same colour as a class. */
  color: string
  swatch: string
  heights: number[]
  /** What is written for each step: exact, never made from a height. */
  texts: string[]
}

/** Few bars keep their width and stand at the right, so that a young network does not show one huge block. */
const STEPS_MIN = 24
const BAR_WIDTH_MAX = 28
const LABEL_GAP = 34
const CHARACTER_WIDTH = 6.6
const FONT = '11px system-ui, sans-serif'

interface BarOptionsInit {
  width: number
  height: number
  series: ChartSeries[]
  axisText: (value: number) => string
  /** Resolves a custom property to a colour that a canvas understands. */
  colorOf: (property: string) => string
  onPoint: (index: number | null) => void
}

export function barOptions({
  width,
  height,
  series,
  axisText,
  colorOf,
  onPoint,
}: BarOptionsInit): uPlot.Options {
  const axis = { stroke: colorOf('--color-faint'), font: FONT, ticks: { show: false } }
  const paths = uPlot.paths.bars!({ size: [0.7, BAR_WIDTH_MAX], radius: 0.15 })
  return {
    width,
    height,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_plot, min, max) => [Math.min(min, max - STEPS_MIN + 1) - 0.6, max + 0.6] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: LABEL_GAP,
        incrs: [1, 2, 5, 10, 20, 50],
        splits: wholeSteps,
      },
      {
        ...axis,
        grid: { stroke: colorOf('--color-line'), width: 1 },
        space: LABEL_GAP,
        gap: 8,
        values: (_plot, ticks) => ticks.map(axisText),
        size: (_plot, labels) => longest(labels) * CHARACTER_WIDTH + 12,
      },
    ],
    series: [
      {},
      ...drawOrder(series).map(({ color }) => ({
        fill: colorOf(color),
        width: 0,
        points: { show: false },
        paths,
      })),
    ],
    hooks: { setCursor: [plot => onPoint(plot.cursor.idx ?? null)] },
  }
}

/** Counted back from the newest step, which is the one people look for; steps before the first are room, not data. */
function wholeSteps(_plot: uPlot, _axis: number, min: number, max: number, step: number): number[] {
  const newest = Math.floor(max)
  const steps = Math.floor((newest - Math.max(0, min)) / step)
  return Array.from({ length: steps + 1 }, (_, back) => newest - (steps - back) * step)
}

function longest(labels: string[] | null): number {
  return Math.max(1, ...(labels ?? []).map(label => label.length))
}

/** The tallest sum first: each next bar is painted over the one before. */
function drawOrder(series: ChartSeries[]): ChartSeries[] {
  return series.toReversed()
}

export function barData(xs: number[], series: ChartSeries[]): uPlot.AlignedData {
  const sums = series.map((_, top) =>
    xs.map((_x, index) =>
      series.slice(0, top + 1).reduce((sum, { heights }) => sum + (heights[index] ?? 0), 0),
    ),
  )
  return [xs, ...sums.toReversed()]
}
