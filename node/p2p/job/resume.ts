import { AriaError, type ResumeRequest } from '@aria/sdk/protocol'
import type { JobComponents } from './context.ts'
import type { Near } from './running.ts'

/** A stream that goes on with a job of an earlier one. @throws AriaError `not_found`, and what the job throws. */
export async function serveResume(
  near: Near,
  asked: ResumeRequest,
  peer: string,
  { resumables }: JobComponents,
): Promise<void> {
  const { requestHash } = asked.resume
  const job = resumables.find(requestHash, peer)
  if (job === undefined) {
    throw new AriaError('not_found', `No job of request ${requestHash} waits for this peer.`, {
      facts: { requestHash },
      hint: 'A broken stream can be resumed for 120 s; order the rest of the answer anew.',
    })
  }
  await job.resume(near, asked)
  await job.left(near)
}
