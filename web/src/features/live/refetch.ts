import type { ChangeEvent } from '@aria/indexer/api'
import type { QueryClient } from '@tanstack/react-query'

/** Many changes arrive in one block; what they touch is fetched once. */
const GATHER_MS = 400

/** Which query keys a change can alter. */
const TOUCHES: Record<ChangeEvent['kind'], string[]> = {
  block: ['network'],
  request: ['network', 'series', 'providers', 'requests'],
  redeemed: ['network', 'series', 'providers'],
  offer: ['network', 'providers'],
  audit: ['network', 'providers', 'requests', 'audits'],
  reward: ['network', 'series', 'providers'],
  epoch: ['network', 'series', 'providers', 'requests', 'audits'],
}

export interface Refetcher {
  changed: (change: ChangeEvent) => void
  /** The events stopped: one question shows whether the indexer is away too. */
  whetherAway: () => void
  /** After a gap in the events, anything may have changed. */
  everything: () => void
  stop: () => void
}

/** Turns changes into refetches of what is on screen; the old data stays until the new is there. */
export function refetcher(client: QueryClient): Refetcher {
  const touched = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const refetch = () => {
    timer = undefined
    for (const key of touched) {
      // A slow answer is left to arrive: cancelling it at each block would never show anything.
      void client.invalidateQueries({ queryKey: [key] }, { cancelRefetch: false })
    }
    touched.clear()
  }

  return {
    changed: ({ kind }) => {
      for (const key of TOUCHES[kind]) touched.add(key)
      timer ??= setTimeout(refetch, GATHER_MS)
    },
    whetherAway: () => void client.invalidateQueries({ queryKey: ['network'] }, { cancelRefetch: false }),
    everything: () => void client.invalidateQueries(),
    stop: () => clearTimeout(timer),
  }
}
