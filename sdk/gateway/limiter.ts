import { AriaError } from '../protocol/index.ts'
import { RETRY_AFTER_SECONDS } from './limits.ts'

/** Bounds how many requests run and wait; fair, first come first served. */
export interface Limiter {
  /** Resolves to the function that gives the place back. @throws AriaError `busy`, `cancelled`. */
  enter(signal: AbortSignal): Promise<() => void>
  readonly running: number
  readonly waiting: number
}

export function limiter(concurrentMax: number, waitingMax: number): Limiter {
  const queue: (() => void)[] = []
  let running = 0

  function leave(): void {
    const next = queue.shift()
    if (next === undefined) running--
    else next()
  }

  function place(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      leave()
    }
  }

  async function wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      queue.push(resolve)
      signal.addEventListener('abort', () => {
        const at = queue.indexOf(resolve)
        if (at < 0) return
        queue.splice(at, 1)
        reject(new AriaError('cancelled', 'The client left while its request waited.'))
      })
    })
  }

  return {
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
    async enter(signal) {
      if (running < concurrentMax) {
        running++
        return place()
      }
      if (queue.length >= waitingMax) {
        throw new AriaError('busy', `${running} requests run and ${queue.length} wait.`, {
          facts: { concurrentMax, waitingMax, retryAfterMs: RETRY_AFTER_SECONDS * 1000 },
          hint: 'Retry later.',
        })
      }
      await wait(signal)
      return place()
    },
  }
}
