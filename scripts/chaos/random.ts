import { createHash } from 'node:crypto'

/**
 * A number from 0 (inclusive) to 1 (exclusive) that depends on nothing but its names: the same in every process, in
 * whatever order and at whatever time it is drawn. The counter is part of the name.
 */
export function draw(seed: number, ...name: (string | number)[]): number {
  const hash = createHash('sha256')
    .update([seed, ...name].join('/'))
    .digest()
  return hash.readUIntBE(0, 6) / 2 ** 48
}

/** A whole number from `min` to `max`, both included. */
export function drawWhole(min: number, max: number, seed: number, ...name: (string | number)[]): number {
  return min + Math.floor(draw(seed, ...name) * (max - min + 1))
}

export function drawOne<T>(items: readonly T[], seed: number, ...name: (string | number)[]): T {
  return items[Math.floor(draw(seed, ...name) * items.length)]!
}
