import { yamux } from '@chainsafe/libp2p-yamux'
import type { Stream } from '@libp2p/interface'
import { AriaError } from '../protocol/index.ts'

/** Streams that one peer may open to us, before any protocol counts its own. */
export const STREAMS_IN_MAX = 320
/** What may be under way in one stream before we take it: the least that Yamux allows, and it must not grow. */
export const STREAM_WINDOW_BYTES = 256 * 1024
/** The name of a protocol and one small question: all that may come before the protocol is agreed on. */
export const NEGOTIATION_BYTES_MAX = 16 * 1024

/** What the library's muxer and stream have beside their public types. */
interface MuxerInside {
  onRemoteStream(stream: StreamInside): void
  _newStream(id: number, state: number, direction: string): StreamInside
}
type StreamInside = Stream & {
  onData(data: { byteLength: number }): void
  /** One of StreamState: here only whether the peer has heard of the stream matters. */
  state: number
  recvWindow: number
  recvWindowCapacity: number
  sendWindowUpdate(): void
}
/** The library's StreamState of a stream that both sides know. */
const ESTABLISHED = 3

/**
 * Yamux with the limits that a stranger meets, and with half the packets. While a protocol is negotiated the library itself
 * would keep up to 4 MiB of each of a thousand streams.
 */
export function boundedYamux(): ReturnType<typeof yamux> {
  const factoryOf = yamux({
    maxInboundStreams: STREAMS_IN_MAX,
    streamOptions: {
      initialStreamWindowSize: STREAM_WINDOW_BYTES,
      maxStreamWindowSize: STREAM_WINDOW_BYTES,
      maxReadBufferLength: 2 * STREAM_WINDOW_BYTES,
    },
  })
  return (...components) => {
    const factory = factoryOf(...components)
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = connection => {
      const muxer = create(connection)
      const inside = muxer as unknown as MuxerInside
      const onRemoteStream = inside.onRemoteStream.bind(muxer)
      inside.onRemoteStream = stream => {
        boundNegotiation(stream)
        onRemoteStream(stream)
      }
      const newStream = inside._newStream.bind(muxer)
      inside._newStream = (...args) => updatingRarely(newStream(...args))
      return muxer
    }
    return factory
  }
}

/**
 * The library answers every frame of data with a frame that opens the window again: a packet to encrypt, send and decrypt
 * for each token. Half a window at once is enough, as in Yamux's first implementation (hashicorp/yamux, sendWindowUpdate):
 * a writer always has the other half.
 */
function updatingRarely(stream: StreamInside): StreamInside {
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    const used = stream.recvWindow - stream.recvWindowCapacity
    if (stream.state !== ESTABLISHED || used >= STREAM_WINDOW_BYTES / 2) update()
  }
  return stream
}

function boundNegotiation(stream: StreamInside): void {
  const onData = stream.onData.bind(stream)
  let bytes = 0
  stream.onData = data => {
    bytes += data.byteLength
    if (stream.protocol !== '' || bytes <= NEGOTIATION_BYTES_MAX) return onData(data)
    const limit = `${bytes} bytes came before any protocol was agreed on; the limit is ${NEGOTIATION_BYTES_MAX}`
    stream.abort(new AriaError('frame_too_large', `${limit}.`))
  }
}
