// Two plain SVG pictures, readable on light and dark pages.
const OURS = '#7c3aed'
const PEER = '#94a3b8'
const TEXT = '#64748b'
const FONT = 'font-family="Inter, system-ui, sans-serif" font-size="12"'

export interface BarGroup {
  label: string
  ours: number
  peer: number
}

/** Pairs of bars; each pair is drawn to the scale of its own longer bar, as the models differ too much for one. */
export function bars(groups: readonly BarGroup[]): string {
  const [left, width, rowHeight, top] = [170, 420, 44, 34]
  const height = top + groups.length * rowHeight + 8
  const rows = groups.map(({ label, ours, peer }, i) => {
    const y = top + i * rowHeight
    const most = Math.max(ours, peer)
    const bar = (value: number, offset: number, colour: string, note: string) =>
      `<rect x="${left}" y="${y + offset}" width="${((value / most) * width).toFixed(1)}" height="14" rx="2" fill="${colour}"/>` +
      `<text x="${(left + (value / most) * width + 6).toFixed(1)}" y="${y + offset + 11}" fill="${TEXT}">${note}</text>`
    return (
      `<text x="${left - 10}" y="${y + 21}" text-anchor="end" fill="${TEXT}">${label}</text>` +
      bar(ours, 0, OURS, `${format(ours)} tok/s (${(ours / peer).toFixed(1)}×)`) +
      bar(peer, 16, PEER, `${format(peer)} tok/s`)
    )
  })
  return svg(left + width + 150, height, [
    legend(left, 12, OURS, 'ARIA'),
    legend(left + 70, 12, PEER, 'llama.cpp'),
    ...rows,
  ])
}

export interface RooflinePoint {
  label: string
  isOurs: boolean
  /** Operations per byte of weights. */
  intensity: number
  tops: number
}

/** Log-log: the roof is the lower of read bandwidth times intensity and the VNNI rate (Williams et al., 2009). */
export function roofline(
  { readGBps, tops }: { readGBps: number; tops: number },
  points: readonly RooflinePoint[],
): string {
  const [left, top, width, height] = [60, 20, 560, 300]
  const [xMin, xMax, yMin, yMax] = [1, 10_000, 0.01, 4]
  const x = (value: number) => left + (Math.log(value / xMin) / Math.log(xMax / xMin)) * width
  const y = (value: number) => top + height - (Math.log(value / yMin) / Math.log(yMax / yMin)) * height
  const ridge = (tops * 1000) / readGBps
  const roof = [
    [xMin, (readGBps * xMin) / 1000],
    [ridge, tops],
    [xMax, tops],
  ].map(([a, b]) => `${x(a!).toFixed(1)},${y(Math.max(b!, yMin)).toFixed(1)}`)
  const grid = [
    ...[1, 10, 100, 1000, 10_000].map(
      value =>
        `<line x1="${x(value)}" x2="${x(value)}" y1="${top}" y2="${top + height}" stroke="${PEER}" stroke-opacity="0.25"/>` +
        `<text x="${x(value)}" y="${top + height + 16}" text-anchor="middle" fill="${TEXT}">${value}</text>`,
    ),
    ...[0.01, 0.1, 1].map(
      value =>
        `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="${PEER}" stroke-opacity="0.25"/>` +
        `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end" fill="${TEXT}">${value}</text>`,
    ),
  ]
  const dots = points.map(
    ({ label, isOurs, intensity, tops: reached }) =>
      `<circle cx="${x(intensity).toFixed(1)}" cy="${y(reached).toFixed(1)}" r="5" fill="${isOurs ? OURS : PEER}"><title>${label}: ${reached.toFixed(3)} TOPS</title></circle>` +
      (isOurs
        ? `<text x="${(x(intensity) - 9).toFixed(1)}" y="${(y(reached) + 4).toFixed(1)}" text-anchor="end" fill="${TEXT}">${label}</text>`
        : ''),
  )
  return svg(left + width + 30, top + height + 44, [
    ...grid,
    `<polyline points="${roof.join(' ')}" fill="none" stroke="${TEXT}" stroke-width="2"/>`,
    ...dots,
    `<text x="${left + width / 2}" y="${top + height + 36}" text-anchor="middle" fill="${TEXT}">operations per byte of weights</text>`,
    `<text x="${left}" y="12" fill="${TEXT}">TOPS, one thread; the line is this machine's roof</text>`,
    legend(left + width - 160, 12, OURS, 'ARIA'),
    legend(left + width - 90, 12, PEER, 'llama.cpp'),
  ])
}

const format = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1))

function legend(x: number, y: number, colour: string, text: string): string {
  return `<rect x="${x}" y="${y - 10}" width="12" height="12" rx="2" fill="${colour}"/><text x="${x + 18}" y="${y}" fill="${TEXT}">${text}</text>`
}

function svg(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${FONT}>\n${parts.join('\n')}\n</svg>\n`
}
