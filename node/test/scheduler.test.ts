import { describe, expect, it } from 'vitest'
import { scheduler } from '../inference/scheduler.ts'
import { rateLimit } from '../p2p/job/rate.ts'

const never = new AbortController().signal
const isReady = (ready: Promise<void>) => Promise.race([ready.then(() => true), Promise.resolve(false)])

describe('scheduler', () => {
  it('gives slots in the order of arrival', async () => {
    const { enter } = scheduler({ slots: 1, queue: 2 })
    const [first, second, third] = [enter(), enter(), enter()]
    await first.ready(never)
    expect(await isReady(second.ready(never))).toBe(false)
    first.release()
    await second.ready(never)
    expect(await isReady(third.ready(never))).toBe(false)
    second.release()
    await third.ready(never)
    third.release()
  })

  it('refuses at once when the queue is full, with a time that grows with the queue', () => {
    const retryAfter = (queue: number) => {
      const { enter } = scheduler({ slots: 2, queue })
      for (let at = 0; at < 2 + queue; at++) enter()
      try {
        enter()
      } catch (thrown) {
        return (thrown as { code: string; facts: { retryAfterMs: number } }).facts.retryAfterMs
      }
      throw new Error('The queue took one too many.')
    }
    expect(retryAfter(0)).toBeGreaterThan(0)
    expect(retryAfter(4)).toBeGreaterThan(retryAfter(0))
  })

  it('takes a cancelled request out of the queue without using a slot', async () => {
    const { enter, slotsFree } = scheduler({ slots: 1, queue: 1 })
    const running = enter()
    const waiting = enter()
    const cancel = new AbortController()
    const ready = waiting.ready(cancel.signal)
    cancel.abort(new Error('cancelled'))
    await expect(ready).rejects.toThrow('cancelled')
    waiting.release()
    running.release()
    expect(slotsFree()).toBe(1)
    await enter().ready(never)
    expect(slotsFree()).toBe(0)
  })

  it('counts a release only once', () => {
    const { enter, slotsFree } = scheduler({ slots: 2, queue: 0 })
    const place = enter()
    enter()
    place.release()
    place.release()
    expect(slotsFree()).toBe(1)
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
