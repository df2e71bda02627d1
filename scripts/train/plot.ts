// A line plot as plain SVG, readable on light and dark pages.
const COLOURS = ['#64748b', '#7c3aed', '#f59e0b']
const [LEFT, TOP, WIDTH, HEIGHT] = [56, 40, 600, 280]
const TICKS = 5

export interface Curve {
  label: string
  points: readonly (readonly [number, number])[]
}

/** x linear, y logarithmic: a loss falls fast and then slowly. */
export function curves(lines: readonly Curve[]): string {
  const all = lines.flatMap(({ points }) => points)
  const xMax = Math.max(...all.map(([x]) => x))
  const [yMin, yMax] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))]
  const span = Math.log(yMax / yMin) || 1
  const place = ([x, y]: readonly [number, number]) =>
    [LEFT + (x / xMax) * WIDTH, TOP + HEIGHT - (Math.log(y / yMin) / span) * HEIGHT] as const
  const steps = Array.from({ length: TICKS + 1 }, (_, index) => index / TICKS)
  const parts = [
    ...steps.map(step => {
      const [x] = place([step * xMax, yMin])
      return `<line x1="${x}" x2="${x}" y1="${TOP}" y2="${TOP + HEIGHT}" stroke="#94a3b8" stroke-opacity="0.25"/><text x="${x}" y="${TOP + HEIGHT + 18}" text-anchor="middle" fill="#64748b">${(step * xMax).toFixed(1)}</text>`
    }),
    ...steps.map(step => {
      const value = yMin * Math.exp(step * span)
      const [, y] = place([0, value])
      return `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#94a3b8" stroke-opacity="0.25"/><text x="${LEFT - 6}" y="${(y + 4).toFixed(1)}" text-anchor="end" fill="#64748b">${value.toPrecision(3)}</text>`
    }),
    ...lines.map(({ label, points }, index) => {
      const colour = COLOURS[index % COLOURS.length]
      const path = points
        .map(point =>
          place(point)
            .map(value => value.toFixed(1))
            .join(','),
        )
        .join(' ')
      const x = LEFT + index * 190
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/><rect x="${x}" y="12" width="12" height="12" rx="2" fill="${colour}"/><text x="${x + 18}" y="22" fill="#64748b">${label}</text>`
    }),
  ]
  const [width, height] = [LEFT + WIDTH + 24, TOP + HEIGHT + 30]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif" font-size="12">\n${parts.join('\n')}\n</svg>\n`
}
