import type { ChangeEvent } from './api/types.ts'

/** Open dashboards; a page beyond the limit still works, it only is not told about changes. */
export const LISTENERS_MAX = 256

export interface Changes {
  publish(change: ChangeEvent): void
  /** Returns the function that ends the subscription, or undefined when the limit is reached. */
  subscribe(listener: (change: ChangeEvent) => void): (() => void) | undefined
  /** Grows with each change: answers computed at one version stay right until it moves. */
  readonly version: number
}

export function changes(): Changes {
  const listeners = new Set<(change: ChangeEvent) => void>()
  let version = 0
  return {
    publish(change) {
      version++
      for (const listener of listeners) listener(change)
    },
    subscribe(listener) {
      if (listeners.size >= LISTENERS_MAX) return undefined
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get version() {
      return version
    },
  }
}
