import { AriaError } from '@aria/sdk/protocol'

export interface SchedulerInit {
  slots: number
  queue: number
  nowMs?: () => number
}

/** One request's place: in a slot, or in the queue. Release it exactly when the work ends, however it ends. */
export interface Place {
  /** Resolves when the request holds a slot. @throws the signal's reason when it aborts first. */
  ready(signal: AbortSignal): Promise<void>
  release(): void
}

export interface Scheduler {
  readonly slots: number
  slotsFree(): number
  /** @throws AriaError `busy` with `retryAfterMs` when slots and queue are full. */
  enter(): Place
}

/** Assumed until real requests were seen. */
const JOB_MS_FIRST = 2_000
/** Weight of the newest request in the running mean. */
const JOB_MS_WEIGHT = 0.2
const RETRY_AFTER_MS_MIN = 200
const RETRY_AFTER_MS_MAX = 30_000

/** First come, first served, over a fixed number of engine sessions; a full queue refuses at once instead of stalling. */
export function scheduler({ slots, queue, nowMs = Date.now }: SchedulerInit): Scheduler {
  const waiting: (() => void)[] = []
  let running = 0
  let meanJobMs = JOB_MS_FIRST

  const retryAfterMs = () => {
    const wait = (meanJobMs * (waiting.length + 1)) / slots
    return Math.round(Math.min(Math.max(wait, RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX))
  }

  const enter = (): Place => {
    const isImmediate = running < slots
    if (!isImmediate && waiting.length >= queue) {
      const facts = { running, waiting: waiting.length, retryAfterMs: retryAfterMs() }
      throw new AriaError('busy', `All ${slots} slots are taken and ${waiting.length} requests wait.`, {
        facts,
        hint: `Try again in ${facts.retryAfterMs} ms, or ask another provider.`,
      })
    }
    let startedMs: number | undefined
    let isReleased = false
    const start = () => {
      running++
      startedMs = nowMs()
    }
    const turn = Promise.withResolvers<void>()
    const onTurn = () => {
      start()
      turn.resolve()
    }
    if (isImmediate) onTurn()
    else waiting.push(onTurn)

    return {
      ready: signal => abortable(turn.promise, signal),
      release: () => {
        if (isReleased) return
        isReleased = true
        if (startedMs === undefined) {
          waiting.splice(waiting.indexOf(onTurn), 1)
          return
        }
        meanJobMs += (nowMs() - startedMs - meanJobMs) * JOB_MS_WEIGHT
        running--
        waiting.shift()?.()
      },
    }
  }
  return { slots, slotsFree: () => Math.max(0, slots - running), enter }
}

/** Waits for a promise or for the signal, whichever comes first. */
async function abortable(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
