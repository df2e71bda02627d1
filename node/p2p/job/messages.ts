import type { FramedStream } from '@aria/sdk/p2p'
import {
  AriaError,
  decodeJobMessage,
  encodeJobMessage,
  type JobMessage,
  type JobMessageOf,
} from '@aria/sdk/protocol'
import { WRITE_TIMEOUT_MS } from './limits.ts'

/** A framed stream as messages of /aria/job/1. */
export interface JobMessages {
  /** Next message; undefined when the peer closed. @throws AriaError `bad_frame`, `frame_too_large`. */
  read(signal: AbortSignal): Promise<JobMessage | undefined>
  /** @throws AriaError `cancelled` when the peer left or does not read. */
  write(message: JobMessage): Promise<void>
}

export function jobMessages(stream: FramedStream): JobMessages {
  return {
    read: async signal => {
      const frame = await stream.read({ signal })
      return frame === undefined ? undefined : decodeJobMessage(frame)
    },
    write: async message => {
      try {
        await stream.write(encodeJobMessage(message), { signal: AbortSignal.timeout(WRITE_TIMEOUT_MS) })
      } catch (cause) {
        throw new AriaError('cancelled', 'The peer left or stopped reading.', { cause })
      }
    },
  }
}

/** The one message that may come now, within a time. @throws AriaError `bad_frame`, `bad_request`. */
export async function expectMessage<T extends JobMessage['type']>(
  messages: JobMessages,
  type: T,
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<JobMessageOf<T>['body']> {
  return (await expectOneOf(messages, [type], timeoutMs, stopping)).body as JobMessageOf<T>['body']
}

/** A message of one of these types, within a time. @throws AriaError `bad_frame`, `bad_request`. */
export async function expectOneOf<T extends JobMessage['type']>(
  messages: JobMessages,
  types: readonly T[],
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<JobMessageOf<T>> {
  const type = types.join(' or ')
  const timeout = AbortSignal.timeout(timeoutMs)
  const message = await messages.read(AbortSignal.any([timeout, stopping])).catch(cause => {
    if (!timeout.aborted) throw cause
    throw new AriaError('bad_request', `No ${type} came within ${timeoutMs} ms.`, {
      facts: { timeoutMs },
      cause,
    })
  })
  if (message === undefined) throw new AriaError('cancelled', `The peer closed instead of sending a ${type}.`)
  if (!(types as readonly string[]).includes(message.type)) {
    throw new AriaError('bad_frame', `Expected ${type}, got ${message.type}.`, {
      facts: { expected: type, got: message.type },
    })
  }
  return message as JobMessageOf<T>
}
