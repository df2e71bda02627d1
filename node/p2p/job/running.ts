import {
  AriaError,
  type Hex,
  type JobMessage,
  type ResumeRequest,
  requireSigner,
  type SignedReceipt,
} from '@aria/sdk/protocol'
import type { Place } from '../../inference/scheduler.ts'
import type { AdmittedJob } from './admit.ts'
import type { JobComponents } from './context.ts'
import { type Inbox, openInbox } from './inbox.ts'
import { ACK_TIMEOUT_MS, RESUMES_MAX } from './limits.ts'
import { type Link, openLink } from './link.ts'
import type { JobMessages } from './messages.ts'
import type { Production } from './produce.ts'
import type { IssuedQuote } from './quote.ts'
import type { ResumableJob } from './resumables.ts'
import { clientKey, placeInit } from './share.ts'

/** One stream to the client. */
export interface Near {
  messages: JobMessages
  /** Ends the stream: the job goes on over another one. */
  drop(): void
}

/** A job and whichever stream its client is on. */
export interface RunningJob extends ResumableJob {
  readonly inbox: Inbox
  readonly link: Link
  /** Waits at the paid edge, without a slot, for the client to come back; undefined when it does not. */
  waitAtEdge(): Promise<Place | undefined>
  /** Sends the receipt until it is acknowledged, or nobody comes back for it. */
  deliver(receipt: SignedReceipt, hash: Hex): Promise<boolean>
  /** Goes on over another stream. @throws AriaError `bad_signature`, `bad_request`, `busy`. */
  resume(near: Near, asked: ResumeRequest): Promise<void>
  /** Resolves when this stream is not the job's any more. */
  left(near: Near): Promise<void>
  /** The books are closed. */
  release(): void
  close(): void
}

export interface RunningJobInit {
  admitted: AdmittedJob
  issued: IssuedQuote
  made: Production
  peer: string
  near: Near
}

export function openJob(
  { admitted, issued, made, peer, near: first }: RunningJobInit,
  components: JobComponents,
): RunningJob {
  const { resumables, scheduler, stopping, deployed, metrics } = components
  const { requestHash, channel, signer, terms } = admitted
  const released = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  let current = { near: first, left: Promise.withResolvers<void>() }
  let resumes = 0
  let isAtEdge = false
  let isGivenUp = false
  /** Set while the job waits for its client, who may need a slot again. */
  let waiter: { resolve(came: { place: Place | undefined } | undefined): void } | undefined

  const running: RunningJob = {
    ...{ requestHash, channel, peer, client: clientKey(issued.parts), released: released.promise },
    tokens: () => terms.inputTokens + made.tokens.length,
    inbox: openInbox(admitted, components, onLost),
    link: openLink(
      { messages: first.messages, admitted, made, onLost: () => running.inbox.lose() },
      components,
    ),
    giveUp() {
      isAtEdge = false
      isGivenUp = true
      if (waiter === undefined) running.inbox.leave()
      waiter?.resolve(undefined)
    },
    async waitAtEdge() {
      isAtEdge = true
      const came = await waitForClient()
      isAtEdge = false
      return came?.place
    },
    async deliver(receipt, hash) {
      await running.link.finish(receipt)
      while (!(await running.inbox.waitAck(hash, ACK_TIMEOUT_MS))) {
        if (running.inbox.isAttached() || (await waitForClient()) === undefined) return false
      }
      return true
    },
    async resume(near, { resume, signature, voucher }) {
      await requireSigner('Resume', resume, signature, deployed, signer)
      const { outputTokens } = resume
      if (running.inbox.interruption() !== undefined) throw ended(requestHash)
      if (outputTokens > made.tokens.length) throw notMade(outputTokens, made.tokens.length)
      if (++resumes > RESUMES_MAX) throw tooOften()
      await running.inbox.takeBetter(voucher)
      const place = isAtEdge ? scheduler.enter(placeInit(issued, components.model)) : undefined
      isAtEdge = false
      isGivenUp = false
      resumables.unpark(running)
      current.left.resolve()
      current.near.drop()
      current = { near, left: Promise.withResolvers<void>() }
      metrics.count('aria_streams_resumed_total')
      running.inbox.listen(near.messages)
      const attached = running.link.attach(near.messages, outputTokens, acceptOf(admitted))
      waiter?.resolve({ place })
      await attached
    },
    left: near => Promise.race([near === current.near ? current.left.promise : undefined, over.promise]),
    release: released.resolve,
    close() {
      resumables.remove(running)
      running.inbox.close()
      released.resolve()
      over.resolve()
    },
  }

  /** Only delivered tokens are worth coming back for. */
  function onLost(): boolean {
    if (made.tokens.length === 0 || stopping.aborted) return false
    resumables.park(running)
    current.left.resolve()
    return true
  }

  async function waitForClient(): Promise<{ place: Place | undefined } | undefined> {
    if (running.inbox.isAttached()) return { place: undefined }
    const waiting = Promise.withResolvers<{ place: Place | undefined } | undefined>()
    waiter = waiting
    const stop = () => waiting.resolve(undefined)
    stopping.addEventListener('abort', stop)
    if (isGivenUp || stopping.aborted || running.inbox.interruption() !== undefined) stop()
    try {
      return await waiting.promise
    } finally {
      stopping.removeEventListener('abort', stop)
      waiter = undefined
    }
  }

  resumables.add(running)
  running.inbox.listen(first.messages)
  return running
}

/** The answer to a request, and to the wish to resume it. */
export function acceptOf({ requestHash, view }: AdmittedJob): JobMessage {
  const { balance, claimed, thawEnd, block } = view
  return { type: 'accept', body: { requestHash, block, balance, claimed, thawEnd } }
}

function ended(requestHash: Hex): AriaError {
  return new AriaError('not_found', `The job of request ${requestHash} has ended.`, {
    facts: { requestHash },
  })
}

function notMade(outputTokens: number, made: number): AriaError {
  return new AriaError('bad_request', `The stream resumes at token ${outputTokens}; ${made} were made.`, {
    facts: { outputTokens, made },
    hint: 'Resume at the number of tokens that arrived.',
  })
}

function tooOften(): AriaError {
  return new AriaError('bad_request', `The job was resumed ${RESUMES_MAX} times, its limit.`, {
    facts: { resumesMax: RESUMES_MAX },
    hint: 'Order the rest of the answer anew.',
  })
}
