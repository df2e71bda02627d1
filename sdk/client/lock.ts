import { AriaError } from '../protocol/index.ts'

/** A fair lock with a bounded queue; `acquire` resolves to the function that releases it. */
export interface Lock {
  readonly held: boolean
  acquire(): Promise<() => void>
}

const WAITERS_MAX = 256

export function createLock(name: string, waitersMax = WAITERS_MAX): Lock {
  const waiters: (() => void)[] = []
  let held = false

  function release(): void {
    const next = waiters.shift()
    if (next === undefined) held = false
    else next()
  }

  /** Releasing twice must not free the next holder's lock. */
  function releaseOnce(): () => void {
    let done = false
    return () => {
      if (done) return
      done = true
      release()
    }
  }

  return {
    get held() {
      return held
    },
    async acquire() {
      if (!held) {
        held = true
        return releaseOnce()
      }
      if (waiters.length >= waitersMax) {
        throw new AriaError('busy', `${waiters.length} callers already wait for ${name}.`, {
          facts: { waitersMax },
          hint: 'Retry later.',
        })
      }
      await new Promise<void>(resolve => waiters.push(resolve))
      return releaseOnce()
    },
  }
}
