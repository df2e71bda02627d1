import type { Changes } from '../changes.ts'

/** Distinct addresses remembered; beyond, the oldest goes. */
const ANSWERS_MAX = 256
/** Offers expire without a change on chain, so no answer is older than this. */
const ANSWER_AGE_MS_MAX = 1_000

interface Answer {
  version: number
  madeAtMs: number
  body: Promise<string>
}

/** Many dashboards ask the same: one computation per address and state of the index, shared while it runs. */
export function answers(changes: Changes, nowMs: () => number = Date.now) {
  const byAddress = new Map<string, Answer>()
  return (address: string, compute: () => Promise<unknown>): Promise<string> => {
    const known = byAddress.get(address)
    const fresh = known?.version === changes.version && nowMs() - known.madeAtMs < ANSWER_AGE_MS_MAX
    if (known !== undefined && fresh) return known.body
    const body = compute().then(value => JSON.stringify(value))
    const answer = { version: changes.version, madeAtMs: nowMs(), body }
    byAddress.delete(address)
    byAddress.set(address, answer)
    if (byAddress.size > ANSWERS_MAX) byAddress.delete(byAddress.keys().next().value!)
    // A failure is told to whoever waits for it, and is not remembered.
    body.catch(() => byAddress.get(address) === answer && byAddress.delete(address))
    return body
  }
}
