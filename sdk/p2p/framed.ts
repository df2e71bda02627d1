import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { AriaError, FRAME_BYTES_MAX } from '../protocol/index.ts'

/** A libp2p stream as length-prefixed frames, with the limits that a stranger meets. */
export interface FramedStream {
  /**
   * The largest frame that is read from now on; FRAME_BYTES_MAX at first. A peer that sends more than two of them
   * ahead of our reading loses the stream, so this also bounds what it makes us keep.
   */
  limit(frameBytesMax: number): void
  /** Next frame; undefined once the peer closed its side. @throws AriaError `frame_too_large`, `provider_timeout`. */
  read(options?: { signal?: AbortSignal }): Promise<Uint8Array | undefined>
  write(frame: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  /** Bytes that came and were not read yet. */
  unread(): number
  /** Orderly end: flushes what was written. */
  close(): Promise<void>
  /** Immediate end, when the peer broke the rules or we no longer care. */
  abort(reason: Error): void
}

/** What may wait to be read, in frames of the largest size: one that is complete, and the beginning of the next. */
const FRAMES_UNREAD_MAX = 2

export function framed(stream: Stream): FramedStream {
  let frameBytesMax = FRAME_BYTES_MAX
  let unread = 0
  let overflow: AriaError | undefined
  // Registered before the library's own listener, so that bytes beyond the limit never reach its buffer unnoticed.
  stream.addEventListener('message', ({ data }) => {
    unread += data.byteLength
    if (unread <= frameBytesMax * FRAMES_UNREAD_MAX || overflow !== undefined) return
    overflow = tooLarge(`The peer sent ${unread} bytes ahead of our reading`, frameBytesMax)
    stream.abort(overflow)
  })
  const frames = lpStream(stream, {
    maxBufferSize: FRAME_BYTES_MAX * FRAMES_UNREAD_MAX,
    lengthDecoder: prefix => {
      const length = decodeLength(prefix)
      if (length > frameBytesMax)
        throw tooLarge(`The peer announced a frame of ${length} bytes`, frameBytesMax)
      unread -= prefix.byteLength
      return length
    },
  })
  return {
    limit: bytes => {
      frameBytesMax = bytes
    },
    unread: () => unread,
    async read(options = {}) {
      if (overflow !== undefined) throw overflow
      try {
        const frame = (await frames.read(options)).subarray()
        unread -= frame.length
        return frame
      } catch (cause) {
        if (overflow !== undefined) throw overflow
        return ended(cause)
      }
    },
    async write(frame, options = {}) {
      if (frame.length > FRAME_BYTES_MAX) throw tooLarge(`A frame has ${frame.length} bytes`, FRAME_BYTES_MAX)
      await frames.write(frame, options)
    },
    close: () => stream.close(),
    abort: reason => stream.abort(reason),
  }
}

function tooLarge(what: string, limit: number): AriaError {
  return new AriaError('frame_too_large', `${what}; the limit is ${limit}.`, { facts: { limit } })
}

/** A length of at most 2^28 - 1 as a varint; a peer that never ends its length must not make us collect bytes for ever. */
const LENGTH_BYTES_MAX = 4

/** The library asks again with one byte more after a RangeError, and takes any other error as final. */
function decodeLength(prefix: { byteLength: number; get(index: number): number }): number {
  let length = 0
  for (let at = 0; at < prefix.byteLength; at++) {
    const byte = prefix.get(at)
    length += (byte & 0x7f) << (7 * at)
    if (byte < 0x80) return length
  }
  if (prefix.byteLength < LENGTH_BYTES_MAX) throw new RangeError('The length goes on.')
  throw tooLarge('The peer announced a frame whose length has no end', FRAME_BYTES_MAX)
}

/** An ended stream is no error here: the reader's protocol state says whether it came too early. */
function ended(cause: unknown): undefined {
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'UnexpectedEOFError' || name === 'StreamClosedError' || name === 'StreamResetError')
    return undefined
  throw cause
}
