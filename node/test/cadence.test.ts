import { describe, expect, it } from 'vitest'
import { cadence } from '../p2p/job/cadence.ts'

/** Sizes of the chunks of an answer whose tokens take so long each. */
function chunks(tokenMs: number, total: number): number[] {
  let now = 0
  let count = 0
  const pace = cadence(() => now)
  const sizes: number[] = []
  while (count < total) {
    const step = pace.step(count)
    now += step * tokenMs
    pace.made(step)
    count += step
    sizes.push(step)
  }
  return sizes
}

describe('chunks of an answer', () => {
  it('begin with one token, then double up to sixteen, and meet every checkpoint', () => {
    expect(chunks(1, 64)).toEqual([1, 1, 2, 4, 8, 16, 16, 16])
  })

  it('stay within the time in which a reader notices no pause', () => {
    expect(chunks(30, 32)).toEqual([1, 1, 2, 4, 4, 4, 4, 4, 4, 4])
    expect(Math.max(...chunks(76, 32))).toBe(1)
  })
})
