import { useSyncExternalStore } from 'react'

const TICK_MS = 1000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** One timer for every relative time on the page, so that they all change together. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const notify of listeners) notify()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** The wall clock in whole seconds; re-renders once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, nowSeconds)
}
