import { AriaError } from '@aria/sdk/protocol'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Changes } from '../changes.ts'
import type { ChangeEvent } from './types.ts'

/** Keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000
/** Notices waiting for a slow reader; it refetches everything anyway, so the rest may go. */
const QUEUE_MAX = 64

/** Server-sent events until the reader leaves. @throws AriaError `busy` at the limit of readers. */
export function changeStream(context: Context, changes: Changes): Response {
  const queue: ChangeEvent[] = []
  let wake = () => {}
  const unsubscribe = changes.subscribe(change => {
    if (queue.length < QUEUE_MAX) queue.push(change)
    wake()
  })
  if (unsubscribe === undefined) {
    throw new AriaError('busy', 'Too many readers of live updates.', {
      hint: 'Reload the page now and then.',
    })
  }
  context.header('X-Accel-Buffering', 'no')
  return streamSSE(context, async stream => {
    stream.onAbort(() => {
      unsubscribe()
      wake()
    })
    await stream.write(': hello\n\n')
    while (!stream.aborted) {
      const change = queue.shift()
      if (change !== undefined) {
        await stream.writeSSE({ event: 'change', data: JSON.stringify(change) })
        continue
      }
      if (!(await nextChange())) await stream.write(': still here\n\n')
    }
  })

  /** False when the time for a heartbeat came first. */
  function nextChange(): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, HEARTBEAT_MS, false)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}
