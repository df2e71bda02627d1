import type { Stream } from '@libp2p/interface'
import { StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'

/** As much of a libp2p stream as a frame reader sees: bytes arrive, and it ends. */
export interface FakeStream extends Stream {
  arrive(bytes: Uint8Array): void
  end(): void
  isAborted(): boolean
}

export function fakeStream(): FakeStream {
  let aborted: Error | undefined
  const target = new EventTarget()
  const log = Object.assign(() => {}, { error: () => {}, trace: () => {}, newScope: () => log })
  const stream = {
    ...{ remoteWriteStatus: 'writable', readBufferLength: 0, log, push: () => {}, send: () => true },
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    closeRead: async () => {},
    close: async () => {},
    abort: (reason: Error) => {
      if (aborted !== undefined) return
      aborted = reason
      stream.end()
    },
    isAborted: () => aborted !== undefined,
    arrive: (bytes: Uint8Array) => {
      if (aborted === undefined && bytes.length > 0) target.dispatchEvent(new StreamMessageEvent(bytes))
    },
    end: () => {
      stream.remoteWriteStatus = 'closed'
      target.dispatchEvent(new StreamCloseEvent())
    },
  }
  return stream as unknown as FakeStream
}
