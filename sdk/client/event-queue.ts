/** Carries events from a running task to one consumer; its length is bounded by what one request can emit. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void
  end(): void
  fail(error: unknown): void
}

export function eventQueue<T>(): EventQueue<T> {
  const events: T[] = []
  let finished = false
  let failure: unknown
  let wake: (() => void) | undefined

  function signal(): void {
    wake?.()
    wake = undefined
  }

  return {
    push(event) {
      events.push(event)
      signal()
    },
    end() {
      finished = true
      signal()
    },
    fail(error) {
      failure = error
      finished = true
      signal()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (events.length > 0) yield events.shift()!
        if (finished) break
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      if (failure !== undefined) throw failure
    },
  }
}
