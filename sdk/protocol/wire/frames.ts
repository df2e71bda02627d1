import { AriaError } from '../errors.ts'
import { type Codec, decodeFrame, encodeFrame } from './codec.ts'
import { JOB_MESSAGES, type JobMessage } from './messages.ts'

/** Every message but the three that carry a prompt, an output or a page of receipts. */
export const SMALL_FRAME_BYTES_MAX = 4_096

/** The largest frame that a request with this many prompt tokens can need. */
export function requestFrameBytes(inputTokens: number): number {
  return inputTokens * 4 + SMALL_FRAME_BYTES_MAX
}

type Tag = keyof typeof JOB_MESSAGES
type MessageType = JobMessage['type']
export type JobMessageOf<T extends MessageType> = Extract<JobMessage, { type: T }>

const tagOf = new Map<MessageType, Tag>(
  Object.entries(JOB_MESSAGES).map(([tag, [type]]) => [type, Number(tag) as Tag]),
)

/** One frame of /aria/job/1: tag byte, then the message's CBOR. */
export function encodeJobMessage(message: JobMessage): Uint8Array {
  const tag = tagOf.get(message.type)!
  const body = encodeFrame(JOB_MESSAGES[tag][1] as Codec<unknown>, message.body)
  const frame = new Uint8Array(body.length + 1)
  frame[0] = tag
  frame.set(body, 1)
  return frame
}

/** @throws AriaError `bad_frame`: the peer's fault, close the stream. */
export function decodeJobMessage(frame: Uint8Array): JobMessage {
  const entry = JOB_MESSAGES[frame[0] as Tag]
  if (entry === undefined)
    throw new AriaError('bad_frame', `Unknown message tag ${frame[0] ?? 'in an empty frame'}.`)
  const [type, codec] = entry
  return { type, body: decodeFrame(codec as Codec<unknown>, frame.subarray(1), type) } as JobMessage
}
