/** Columns of the left half; the right half mirrors it. */
const HALF = 3
const SIZE = 5
const DEGREES = 360

interface PixelMarkProps {
  /** Hex text: the same seed always draws the same mark. */
  seed: string
}

/** A small 1-bit picture that tells addresses apart faster than their digits do. */
export function PixelMark({ seed }: PixelMarkProps) {
  const nibbles = [...seed.replace(/^0x/, '').toLowerCase()].map(digit => Number.parseInt(digit, 16) || 0)
  const hue = (((nibbles[0] ?? 0) * 16 + (nibbles[1] ?? 0)) * DEGREES) / 256
  const path = Array.from({ length: SIZE * SIZE }, (_, index) => {
    const row = Math.floor(index / SIZE)
    const column = index % SIZE
    const mirrored = column < HALF ? column : SIZE - 1 - column
    const on = (nibbles[2 + row * HALF + mirrored] ?? 0) % 2 === 1
    return on ? `M${column + 1} ${row + 1}h1v1h-1z` : ''
  }).join('')
  const fill = `light-dark(oklch(0.55 0.15 ${hue}), oklch(0.78 0.12 ${hue}))`
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 7 7"
      shapeRendering="crispEdges"
      className="size-6 shrink-0 rounded bg-raised"
    >
      <path d={path} style={{ fill }} />
    </svg>
  )
}
