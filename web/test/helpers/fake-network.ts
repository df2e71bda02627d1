import type { ErrorBody } from '@aria/indexer/api'
import { vi } from 'vitest'

type Answer = unknown | Promise<unknown>

export interface FakeNetwork {
  /** Addresses asked for, in order. */
  asked: string[]
  /** From now on, this path (query included or left out) answers so. A promise that never settles is a slow indexer. */
  answer: (path: string, value: Answer) => void
  fail: (path: string, status: number, error: ErrorBody['error']) => void
  /** Nobody listens at all. */
  unplug: () => void
}

/** Stands in for the indexer at the only border that the dashboard has: `fetch`. */
export function fakeNetwork(): FakeNetwork {
  const answers = new Map<string, () => Promise<Response>>()
  const asked: string[] = []
  let plugged = true

  vi.stubGlobal('fetch', async (input: string) => {
    asked.push(input)
    if (!plugged) throw new TypeError('fetch failed')
    const respond = answers.get(input) ?? answers.get(input.split('?')[0]!)
    if (respond === undefined) throw new Error(`The test has no answer for ${input}.`)
    return respond()
  })

  return {
    asked,
    answer: (path, value) => answers.set(path, async () => Response.json(await value)),
    fail: (path, status, error) => answers.set(path, async () => Response.json({ error }, { status })),
    unplug: () => {
      plugged = false
    },
  }
}
