import type { FramedStream } from '@aria/sdk/p2p'
import { AriaError, SMALL_FRAME_BYTES_MAX, toAriaError } from '@aria/sdk/protocol'
import type { Log } from '../observe/log.ts'

/** One question and its answers: how long either side may take. */
const TIMEOUT_MS = 10_000

/** Serves a stream that carries one request frame and some reply frames. Never throws. */
export async function answer(
  stream: FramedStream,
  log: Log,
  reply: (request: Uint8Array) => AsyncIterable<Uint8Array> | Promise<Uint8Array>,
): Promise<void> {
  try {
    stream.limit(SMALL_FRAME_BYTES_MAX)
    const request = await stream.read({ signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (request === undefined) throw new AriaError('bad_frame', 'The peer closed without asking.')
    const replies = reply(request)
    if (replies instanceof Promise) await write(stream, await replies)
    else for await (const frame of replies) await write(stream, frame)
    await stream.close()
  } catch (thrown) {
    const error = toAriaError(thrown)
    log.debug({ code: error.code, reason: error.message }, 'Question not answered')
    stream.abort(error)
  }
}

function write(stream: FramedStream, frame: Uint8Array): Promise<void> {
  return stream.write(frame, { signal: AbortSignal.timeout(TIMEOUT_MS) })
}
