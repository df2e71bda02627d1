import { AriaError } from '@aria/sdk/protocol'
import { fairQueue } from './fair-queue.ts'

export interface SchedulerInit {
  /** Requests that generate at the same time; the engine computes them in shared steps. */
  slots: number
  /** Requests that may wait for a slot; one more is refused. */
  queue: number
  /** Pages of the engine's cache; a request holds all that it can need from start to end. Unlimited unless given. */
  pages?: number
  nowMs?: () => number
}

export interface PlaceInit {
  /** Whoever pays. Clients take turns, so that nobody waits behind a crowd of one other's requests. */
  client: string
  /** Pages that the longest possible answer needs. */
  pages?: number
}

/** One request's place: in a slot, or in the queue. Release it exactly when the work ends, however it ends. */
export interface Place {
  /** Resolves when the request holds a slot. @throws the signal's reason when it aborts first. */
  ready(signal: AbortSignal): Promise<void>
  release(): void
}

export interface Scheduler {
  readonly slots: number
  /** Requests that would start at once. */
  slotsFree(): number
  /** @throws AriaError `busy` with `retryAfterMs` when there is no place; `prompt_too_long` when there never is. */
  enter(init: PlaceInit): Place
}

/** Assumed until real requests were seen. */
const JOB_MS_FIRST = 2_000
const JOB_PAGES_FIRST = 1
/** Weight of the newest request in the running means. */
const JOB_WEIGHT = 0.2
const RETRY_AFTER_MS_MIN = 200
const RETRY_AFTER_MS_MAX = 30_000
/** One client's share of the queue: the rest stays open for others, who would else be refused by its crowd. */
const QUEUE_SHARE_MAX = 0.5

interface Job extends Required<PlaceInit> {
  start(): void
}

/**
 * Admits requests to the engine's continuous batch: a fixed number of slots, each with its pages of the cache. A full
 * queue refuses at once instead of stalling; a free slot goes to the waiting client that holds the fewest.
 */
export function scheduler({
  slots,
  queue,
  pages = Number.POSITIVE_INFINITY,
  nowMs = Date.now,
}: SchedulerInit): Scheduler {
  const waiting = fairQueue<Job>()
  const perClientMax = Math.max(1, Math.ceil(queue * QUEUE_SHARE_MAX))
  let running = 0
  let pagesFree = pages
  let meanJobMs = JOB_MS_FIRST
  let meanJobPages = JOB_PAGES_FIRST

  const fits = (job: Job) => running < slots && job.pages <= pagesFree
  const start = (job: Job) => {
    running++
    pagesFree -= job.pages
    waiting.began(job.client)
    job.start()
  }
  /** Strictly in turn: a large request that waits for pages is not overtaken by small ones for ever. */
  const startNext = () => {
    for (let next = waiting.peek(); next !== undefined && fits(next); next = waiting.peek()) {
      waiting.remove(next.client, next)
      start(next)
    }
  }
  /** When those who wait now will have begun: a request ends every `meanJobMs / width`. */
  const retryAfterMs = () => {
    const width = Math.max(1, Math.min(slots, Math.floor(pages / meanJobPages)))
    const waitMs = (meanJobMs * (waiting.size() + 1)) / width
    return Math.round(Math.min(Math.max(waitMs, RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX))
  }
  const refuse = (message: string, client: string): AriaError => {
    const facts = {
      ...{ running, waiting: waiting.size(), ofClient: waiting.count(client) },
      retryAfterMs: retryAfterMs(),
    }
    const hint = `Try again in ${facts.retryAfterMs} ms, or ask another provider.`
    return new AriaError('busy', message, { facts, hint })
  }
  const checkRoom = ({ client, pages: needed }: Required<PlaceInit>) => {
    if (needed > pages) {
      throw new AriaError('prompt_too_long', `The request needs ${needed} cache pages; there are ${pages}.`, {
        facts: { needed, pages },
        hint: 'Shorten the prompt, or ask for fewer tokens.',
      })
    }
    if (waiting.size() >= queue) {
      throw refuse(`${running} requests run and ${waiting.size()} wait, which is the limit.`, client)
    }
    if (waiting.count(client) >= perClientMax) {
      throw refuse(
        `${waiting.count(client)} requests of this client wait, its share of the ${queue} places.`,
        client,
      )
    }
  }

  const enter = ({ client, pages: needed = 1 }: PlaceInit): Place => {
    const turn = Promise.withResolvers<void>()
    let startedMs: number | undefined
    let isReleased = false
    const job: Job = {
      ...{ client, pages: needed },
      start: () => {
        startedMs = nowMs()
        turn.resolve()
      },
    }
    if (waiting.size() === 0 && fits(job)) start(job)
    else {
      checkRoom(job)
      waiting.add(client, job)
    }
    return {
      ready: signal => abortable(turn.promise, signal),
      release: () => {
        if (isReleased) return
        isReleased = true
        if (startedMs === undefined) waiting.remove(client, job)
        else {
          meanJobMs += (nowMs() - startedMs - meanJobMs) * JOB_WEIGHT
          meanJobPages += (needed - meanJobPages) * JOB_WEIGHT
          running--
          pagesFree += needed
          waiting.ended(client)
        }
        startNext()
      },
    }
  }

  const slotsFree = () => {
    if (waiting.size() > 0) return 0
    return Math.max(0, Math.min(slots - running, Math.floor(pagesFree / meanJobPages)))
  }
  return { slots, slotsFree, enter }
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
