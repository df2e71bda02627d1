import { expect, test } from 'vitest'
import { pace } from '../client/job/pace.ts'

const LIMITS = { minMs: 100, maxMs: 5_000 }

function after(gaps: readonly number[]): number {
  const learned = pace(LIMITS)
  for (const gap of gaps) learned.saw(gap)
  return learned.limitMs()
}

test('two gaps say nothing, three do', () => {
  expect(after([20, 20])).toBe(5_000)
  expect(after([20, 20, 20])).toBeLessThan(500)
})

test('a steady stream is given up soon, an uneven one later', () => {
  const steady = after(Array(50).fill(50))
  const uneven = after(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? 10 : 90)))

  expect(steady).toBeGreaterThanOrEqual(4 * 50)
  expect(steady).toBeLessThan(300)
  expect(uneven).toBeGreaterThan(steady)
})

test('the limit stays within its bounds', () => {
  expect(after(Array(50).fill(1))).toBe(100)
  expect(after(Array(50).fill(60_000))).toBe(5_000)
})

test('a stream that slows down three times is no stall', () => {
  const learned = pace(LIMITS)
  for (let at = 0; at < 20; at++) learned.saw(100)

  expect(learned.limitMs()).toBeGreaterThan(300)
})
