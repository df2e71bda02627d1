import { describe, expect, it } from 'vitest'
import { scheduler } from '../inference/scheduler.ts'
import { rateLimit } from '../p2p/job/rate.ts'

const never = new AbortController().signal
const isReady = (ready: Promise<void>) => Promise.race([ready.then(() => true), Promise.resolve(false)])

const A = { client: 'a' }
const B = { client: 'b' }
const refusal = (enter: () => unknown) => {
  try {
    enter()
  } catch (thrown) {
    return thrown as { code: string; facts: { retryAfterMs: number } }
  }
  throw new Error('One too many was taken.')
}

describe('scheduler', () => {
  it('gives slots in the order of arrival', async () => {
    const { enter } = scheduler({ slots: 1, queue: 4 })
    const [first, second, third] = [enter(A), enter(A), enter(A)]
    await first.ready(never)
    expect(await isReady(second.ready(never))).toBe(false)
    first.release()
    await second.ready(never)
    expect(await isReady(third.ready(never))).toBe(false)
    second.release()
    await third.ready(never)
    third.release()
  })

  it('takes as many as slots and queue hold, and refuses one more at once', () => {
    for (const [slots, queue] of [
      [1, 0],
      [2, 3],
      [16, 16],
    ] as const) {
      const { enter } = scheduler({ slots, queue })
      for (let at = 0; at < slots + queue; at++) enter({ client: `${at}` })
      expect(refusal(() => enter({ client: 'late' })).code).toBe('busy')
    }
  })

  it('says to retry when those who wait will have begun, at the measured pace', async () => {
    let now = 0
    const { enter } = scheduler({ slots: 2, queue: 4, nowMs: () => now })
    for (let round = 0; round < 60; round++) {
      const places = [enter(A), enter(A)]
      now += 6_000
      for (const place of places) place.release()
    }
    for (let at = 0; at < 6; at++) enter({ client: `${at}` })
    // Requests take 6 s on two slots: one begins every 3 s, and four wait before a newcomer.
    expect(refusal(() => enter(A)).facts.retryAfterMs).toBe(15_000)
  })

  it('takes a cancelled request out of the queue without using a slot', async () => {
    const { enter, slotsFree } = scheduler({ slots: 1, queue: 1 })
    const running = enter(A)
    const waiting = enter(A)
    const cancel = new AbortController()
    const ready = waiting.ready(cancel.signal)
    cancel.abort(new Error('cancelled'))
    await expect(ready).rejects.toThrow('cancelled')
    waiting.release()
    running.release()
    expect(slotsFree()).toBe(1)
    await enter(A).ready(never)
    expect(slotsFree()).toBe(0)
  })

  it('counts a release only once', () => {
    const { enter, slotsFree } = scheduler({ slots: 2, queue: 0 })
    const place = enter(A)
    enter(A)
    place.release()
    place.release()
    expect(slotsFree()).toBe(1)
  })

  it('gives the next slot to the client that holds the fewest, whoever came first', async () => {
    const { enter } = scheduler({ slots: 2, queue: 8 })
    const crowd = [enter(A), enter(A), enter(A), enter(A), enter(A)]
    const one = enter(B)
    crowd[0]!.release()
    await one.ready(never)
    expect(await isReady(crowd[2]!.ready(never))).toBe(false)
    one.release()
    await crowd[2]!.ready(never)
  })

  it('serves clients with full queues in turn', async () => {
    const { enter } = scheduler({ slots: 1, queue: 8 })
    const order: string[] = []
    const places = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'].map(client => {
      const place = enter({ client })
      return place.ready(never).then(() => {
        order.push(client)
        place.release()
      })
    })
    await Promise.all(places)
    // The second client was not there yet when the first one took its first turn.
    expect(order.join('')).toBe('aabababb')
  })

  it('keeps half of the queue for others than one client', () => {
    const { enter } = scheduler({ slots: 1, queue: 4 })
    for (let at = 0; at < 3; at++) enter(A)
    expect(refusal(() => enter(A)).code).toBe('busy')
    enter(B)
    enter(B)
    expect(refusal(() => enter({ client: 'c' })).code).toBe('busy')
  })

  it('starts no request before its cache pages are free, and lets no smaller one pass for ever', async () => {
    const { enter, slotsFree } = scheduler({ slots: 4, queue: 4, pages: 10 })
    const first = enter({ client: 'a', pages: 6 })
    const large = enter({ client: 'b', pages: 5 })
    const small = enter({ client: 'c', pages: 1 })
    await first.ready(never)
    expect(await isReady(large.ready(never))).toBe(false)
    expect(await isReady(small.ready(never))).toBe(false)
    expect(slotsFree()).toBe(0)
    first.release()
    await Promise.all([large.ready(never), small.ready(never)])
    large.release()
    small.release()
    expect(slotsFree()).toBeGreaterThan(0)
  })

  it('takes a request that fills the cache, and refuses for good one that is a page larger', async () => {
    const { enter } = scheduler({ slots: 4, queue: 4, pages: 10 })
    const all = enter({ client: 'a', pages: 10 })
    await all.ready(never)
    all.release()
    expect(refusal(() => enter({ client: 'a', pages: 11 })).code).toBe('prompt_too_long')
  })
})

describe('quote rate', () => {
  it('lets a peer burst, then asks it to wait, and never lets one peer slow another', () => {
    let now = 0
    const { take } = rateLimit({ perSecond: 10, burst: 3, peersMax: 2, nowMs: () => now })
    for (let at = 0; at < 3; at++) take('a')
    expect(() => take('a')).toThrow(expect.objectContaining({ code: 'busy', facts: { retryAfterMs: 100 } }))
    take('b')
    now += 100
    take('a')
    expect(() => take('a')).toThrow('10 quotes a second')
  })
})
