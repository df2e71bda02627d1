import type { FramedStream } from '@aria/sdk/p2p'

/** Two ends of an in-memory stream of frames, for tests of what travels over it. */
export function streamPair(): { near: TestStream; far: TestStream } {
  const toFar = frameQueue()
  const toNear = frameQueue()
  return { near: end(toNear, toFar), far: end(toFar, toNear) }
}

export interface TestStream extends FramedStream {
  /** Why this end was aborted, by either side. */
  abortedBy(): Error | undefined
}

interface FrameQueue {
  push(frame: Uint8Array): void
  close(): void
  fail(reason: Error): void
  next(signal?: AbortSignal): Promise<Uint8Array | undefined>
  failure(): Error | undefined
}

function end(incoming: FrameQueue, outgoing: FrameQueue): TestStream {
  return {
    limit: () => {},
    unread: () => 0,
    read: ({ signal } = {}) => incoming.next(signal),
    write: async frame => outgoing.push(frame),
    close: async () => outgoing.close(),
    abort: reason => {
      outgoing.fail(reason)
      incoming.fail(reason)
    },
    abortedBy: () => incoming.failure(),
  }
}

function frameQueue(): FrameQueue {
  const frames: Uint8Array[] = []
  let isClosed = false
  let failure: Error | undefined
  let wake = Promise.withResolvers<void>()
  const changed = () => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  return {
    push: frame => {
      if (failure !== undefined) throw failure
      frames.push(frame)
      changed()
    },
    close: () => {
      isClosed = true
      changed()
    },
    fail: reason => {
      failure ??= reason
      changed()
    },
    failure: () => failure,
    next: async signal => {
      for (;;) {
        signal?.throwIfAborted()
        const frame = frames.shift()
        if (frame !== undefined) return frame
        if (isClosed || failure !== undefined) return undefined
        const aborted = new Promise<void>(resolve =>
          signal?.addEventListener('abort', () => resolve(), { once: true }),
        )
        await Promise.race([wake.promise, aborted])
      }
    },
  }
}
