import { setTimeout as sleep } from 'node:timers/promises'

export interface Loop {
  stop(): Promise<void>
}

/** Runs `beat` again and again, never twice at once, until stopped. What it throws goes to `onError`; the loop goes on. */
export function every(
  intervalMs: number,
  beat: (signal: AbortSignal) => Promise<void>,
  onError: (thrown: unknown) => void,
): Loop {
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await beat(signal)
      } catch (thrown) {
        if (!signal.aborted) onError(thrown)
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
