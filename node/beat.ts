import { toAriaError } from '@aria/sdk/protocol'
import type { Log } from './observe/log.ts'

export interface Beat {
  /** Stops, after the work under way. */
  stop(): Promise<void>
}

/** Failures in a row after which the log stops repeating itself at `warn`. */
const WARNINGS_MAX = 3
/** An RPC that is away is asked less and less often. */
const BACKOFF_MAX = 8

/** Does `work` every `intervalMs`, one at a time. A failure is logged and tried again, slower; it never ends the process. */
export function every(intervalMs: number, name: string, log: Log, work: () => Promise<void>): Beat {
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let current: Promise<void> = Promise.resolve()

  const run = async () => {
    try {
      await work()
      if (failures > 0) log.info({ name, failures }, 'Works again')
      failures = 0
    } catch (thrown) {
      failures++
      const { code, message } = toAriaError(thrown)
      const facts = { name, code, reason: message, failures }
      if (failures <= WARNINGS_MAX) log.warn(facts, 'Failed, tries again')
      else log.debug(facts, 'Failed, tries again')
    }
    if (!isStopped) schedule()
  }
  const schedule = () => {
    const delayMs = intervalMs * Math.min(2 ** failures, BACKOFF_MAX)
    timer = setTimeout(() => {
      current = run()
    }, delayMs)
  }
  schedule()
  return {
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await current
    },
  }
}
