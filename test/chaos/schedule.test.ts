import { expect, test } from 'vitest'
import { draw, drawWhole } from '../../scripts/chaos/random.ts'
import { FAULT_KINDS, makeSchedule, type Victims } from '../../scripts/chaos/schedule.ts'
import { ask } from '../../scripts/chaos/traffic.ts'

const MINUTES_5 = 300_000
const SEEDS = 10
const nodes = ['a', 'b', 'c', 'd', 'e', 'f']
const victims = Object.fromEntries(FAULT_KINDS.map(kind => [kind, nodes])) as unknown as Victims

test('one seed gives one schedule, another seed another one', () => {
  expect(makeSchedule(7, MINUTES_5, victims)).toEqual(makeSchedule(7, MINUTES_5, victims))
  expect(makeSchedule(7, MINUTES_5, victims)).not.toEqual(makeSchedule(8, MINUTES_5, victims))
})

test('five minutes of any seed meet every kind of fault', () => {
  const many = Object.fromEntries(
    FAULT_KINDS.map(kind => [kind, [...nodes, `${kind} only`]]),
  ) as unknown as Victims
  for (let seed = 0; seed < SEEDS; seed++) {
    const kinds = new Set(makeSchedule(seed, MINUTES_5, many).map(({ kind }) => kind))
    expect([...kinds].sort(), `seed ${seed}`).toEqual([...FAULT_KINDS].sort())
  }
})

test('a node has one fault at a time, and all are healed before the end', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const busyUntilMs = new Map<string, number>()
    for (const { atMs, forMs, targets } of makeSchedule(seed, MINUTES_5, victims)) {
      expect(atMs + forMs).toBeLessThan(MINUTES_5)
      for (const name of targets) {
        expect(atMs, `seed ${seed}, ${name}`).toBeGreaterThanOrEqual(busyUntilMs.get(name) ?? 0)
        busyUntilMs.set(name, atMs + forMs)
      }
    }
  }
})

test('a kind without a possible victim does not happen', () => {
  const schedule = makeSchedule(1, MINUTES_5, { ...victims, disk_full: [] })

  expect(schedule.filter(({ kind }) => kind === 'disk_full')).toEqual([])
})

test('what is drawn depends on its names alone and covers its range', () => {
  const many = Array.from({ length: 2_000 }, (_, index) => drawWhole(1, 3, 5, 'thing', index))

  expect(new Set(many)).toEqual(new Set([1, 2, 3]))
  expect(draw(5, 'a', 1)).toBe(draw(5, 'a', 1))
  expect(draw(5, 'a', 1)).not.toBe(draw(5, 'a', 2))
  expect(ask(3, 'client-1', 9)).toEqual(ask(3, 'client-1', 9))
})

test('a request that is broken off wants more tokens than it reads', () => {
  const asks = Array.from({ length: 2_000 }, (_, number) => ask(1, 'client-1', number))
  const broken = asks.filter(({ cancelAfterTokens }) => cancelAfterTokens > 0)

  expect(broken.length).toBeGreaterThan(0)
  for (const { cancelAfterTokens, maxOutputTokens } of broken)
    expect(cancelAfterTokens).toBeLessThan(maxOutputTokens)
})
