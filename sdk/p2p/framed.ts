import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { AriaError, FRAME_BYTES_MAX } from '../protocol/index.ts'

/** A libp2p stream as length-prefixed frames, with the limits that a stranger meets. */
export interface FramedStream {
  /** Next frame; undefined once the peer closed its side. @throws AriaError `frame_too_large`, `provider_timeout`. */
  read(options?: { signal?: AbortSignal }): Promise<Uint8Array | undefined>
  write(frame: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  /** Orderly end: flushes what was written. */
  close(): Promise<void>
  /** Immediate end, when the peer broke the rules or we no longer care. */
  abort(reason: Error): void
}

export function framed(stream: Stream, frameBytesMax = FRAME_BYTES_MAX): FramedStream {
  const frames = lpStream(stream, {
    maxDataLength: frameBytesMax,
    maxBufferSize: frameBytesMax * 2,
    lengthDecoder,
  })
  return {
    async read(options = {}) {
      try {
        return (await frames.read(options)).subarray()
      } catch (cause) {
        return ended(cause, frameBytesMax)
      }
    },
    async write(frame, options = {}) {
      if (frame.length > frameBytesMax) {
        throw new AriaError(
          'frame_too_large',
          `A frame of ${frame.length} bytes exceeds the limit of ${frameBytesMax}.`,
        )
      }
      await frames.write(frame, options)
    },
    close: () => stream.close(),
    abort: reason => stream.abort(reason),
  }
}

/** A length of at most 2^28 - 1 as a varint; a peer that never ends its length must not make us collect bytes for ever. */
const LENGTH_BYTES_MAX = 4

/** The library asks again with one byte more after a RangeError, and takes any other error as final. */
function lengthDecoder(prefix: { byteLength: number; get(index: number): number }): number {
  let length = 0
  for (let at = 0; at < prefix.byteLength; at++) {
    const byte = prefix.get(at)
    length += (byte & 0x7f) << (7 * at)
    if (byte < 0x80) return length
  }
  if (prefix.byteLength < LENGTH_BYTES_MAX) throw new RangeError('The length goes on.')
  throw new AriaError(
    'frame_too_large',
    `The peer announced a frame with a length of over ${LENGTH_BYTES_MAX} bytes.`,
  )
}

/** An ended stream is no error here: the reader's protocol state says whether it came too early. */
function ended(cause: unknown, frameBytesMax: number): undefined {
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'UnexpectedEOFError' || name === 'StreamClosedError' || name === 'StreamResetError')
    return undefined
  if (
    name === 'InvalidDataLengthError' ||
    name === 'InvalidDataLengthLengthError' ||
    name === 'InvalidMessageLengthError'
  ) {
    throw new AriaError(
      'frame_too_large',
      `The peer announced a frame beyond the limit of ${frameBytesMax} bytes.`,
      { cause },
    )
  }
  throw cause
}
