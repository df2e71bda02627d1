import type { FramedStream } from '@aria/sdk/p2p'
import {
  AriaError,
  channelId,
  FINISH,
  type Finish,
  type Hex,
  type JobRequest,
  type QuoteRequest,
  requestFrameBytes,
  SMALL_FRAME_BYTES_MAX,
  toAriaError,
} from '@aria/sdk/protocol'
import type { Place } from '../../inference/scheduler.ts'
import { type AdmittedJob, admit } from './admit.ts'
import type { JobComponents } from './context.ts'
import { FIRST_FRAME_TIMEOUT_MS, QUOTE_SECONDS } from './limits.ts'
import { expectMessage, expectOneOf, jobMessages } from './messages.ts'
import { emptyProduction, type Production, produce } from './produce.ts'
import { channelBusy, type IssuedQuote, issueQuote } from './quote.ts'
import { refuse } from './refuse.ts'
import { serveResume } from './resume.ts'
import { acceptOf, type Near, openJob, type RunningJob } from './running.ts'
import { cutToCheckpoint, settle } from './settle.ts'
import { clientKey, placeInit, tokensMax } from './share.ts'

/** One stream of /aria/job/1: a new job from quote to acknowledgement, or the rest of one. Never throws. */
export async function serveJob(stream: FramedStream, peer: string, components: JobComponents): Promise<void> {
  const messages = jobMessages(stream)
  try {
    const { stopping } = components
    stream.limit(SMALL_FRAME_BYTES_MAX)
    components.penalties.check(peer)
    const first = await expectOneOf(messages, ['quoteRequest', 'resume'], FIRST_FRAME_TIMEOUT_MS, stopping)
    components.quoteRate.take(peer)
    const drop = () => stream.abort(new AriaError('cancelled', 'The job goes on over another stream.'))
    if (first.type === 'resume') await serveResume({ messages, drop }, first.body, peer, components)
    else await serveOrder(stream, { messages, drop }, first.body, peer, components)
    // All was said: a stream that is gone by now needs no closing.
    await stream.close().catch(reason => stream.abort(reason))
  } catch (thrown) {
    await refuse(stream, messages, thrown, peer, components)
  }
}

async function serveOrder(
  stream: FramedStream,
  near: Near,
  asked: QuoteRequest,
  peer: string,
  components: JobComponents,
): Promise<void> {
  const { resumables, payee, stopping } = components
  const { messages } = near
  await resumables.abandon(channelId(asked.channel, payee), peer)
  const issued = await issueQuote(asked, components)
  // Before the quote leaves, because the request may come at once: exactly as large as what was quoted.
  stream.limit(requestFrameBytes(asked.inputTokens))
  await messages.write({ type: 'quote', body: issued.reply })
  const job = await expectMessage(messages, 'request', QUOTE_SECONDS * 1000, stopping)
  stream.limit(SMALL_FRAME_BYTES_MAX)
  await serveRequest(near, job, issued, peer, components)
}

/** A job's slot and pages; given back when it waits, and taken again when it goes on. */
interface Slot {
  place: Place
}

async function serveRequest(
  near: Near,
  job: JobRequest,
  issued: IssuedQuote,
  peer: string,
  components: JobComponents,
): Promise<void> {
  const { busyChannels, scheduler } = components
  const unlock = lockChannel(busyChannels, issued.quote.channelId)
  let slot: Slot | undefined
  const release = () => {
    slot?.place.release()
    unlock()
  }
  try {
    // The place comes first: a full node must not keep the voucher of a request that it cannot serve.
    slot = { place: scheduler.enter(placeInit(issued, components.model)) }
    const admitted = await admit(job, issued, components)
    await runJob({ admitted, issued, made: emptyProduction(), peer, near }, slot, release, components)
  } finally {
    release()
  }
}

/** One request per channel at a time: its counter has one writer. @throws AriaError `busy`. */
function lockChannel(busyChannels: Set<Hex>, channel: Hex): () => void {
  if (busyChannels.has(channel)) throw channelBusy(channel)
  busyChannels.add(channel)
  let isHeld = true
  return () => {
    if (isHeld) busyChannels.delete(channel)
    isHeld = false
  }
}

async function runJob(
  init: Parameters<typeof openJob>[0],
  slot: Slot,
  release: () => void,
  components: JobComponents,
): Promise<void> {
  const { admitted, issued, made } = init
  const { metrics, log, clock } = components
  const { channel } = admitted
  const startedAt = clock.nowSeconds()
  metrics.count('aria_requests_total')
  metrics.count('aria_tokens_prompt_total', admitted.terms.inputTokens)
  const job = openJob(init, components)
  const { inbox } = job
  try {
    await job.link.write(acceptOf(admitted))
    const finish = await generateOnAndOn(slot, job, made, admitted, issued, components)
    const hasLeft = inbox.interruption() === 'disconnected' || inbox.interruption() === 'violation'
    // What is cut off may be the stop token, so a shortened answer is a cancelled one.
    const ending = hasLeft && cutToCheckpoint(made) ? FINISH.cancelled : finish
    const { receipt, signature, hash } = await settle(made, ending, startedAt, admitted, issued, components)
    // The books are closed, so slot and channel are free before the client reads the receipt and asks again.
    release()
    job.release()
    log.debug(
      { channel, finish, outputTokens: receipt.outputTokens, due: receipt.cumulativeDue },
      'Request served',
    )
    const violation = inbox.violation()
    if (violation !== undefined) throw violation
    if (hasLeft) throw new AriaError('cancelled', 'The client left before the receipt.')
    if (!(await job.deliver({ receipt, signature }, hash))) log.debug({ channel }, 'Receipt not acknowledged')
    // Whoever waits for the end of a lost stream need not be told.
    if (!inbox.isAttached()) throw new AriaError('cancelled', 'The client did not come back.')
  } finally {
    job.close()
  }
}

/** Generates; and when the stream is lost, as far as is paid, and on when the client comes back. */
async function generateOnAndOn(
  slot: Slot,
  job: RunningJob,
  made: Production,
  admitted: AdmittedJob,
  issued: IssuedQuote,
  components: JobComponents,
): Promise<Finish> {
  for (;;) {
    const losses = job.inbox.losses()
    const finish = await generate(slot.place, job, made, admitted, issued, components)
    if (finish !== FINISH.voucherTimeout || job.inbox.losses() === losses) return finish
    if (job.inbox.isAttached()) continue
    slot.place.release()
    const place = await job.waitAtEdge()
    if (place === undefined) return components.stopping.aborted ? FINISH.error : finish
    slot.place = place
  }
}

/** Queue, prefill, decode. An engine's failure ends in a receipt with `error`, so that what was delivered stays paid and provable. */
async function generate(
  place: Place,
  { inbox, link }: RunningJob,
  made: Production,
  admitted: AdmittedJob,
  issued: IssuedQuote,
  components: JobComponents,
): Promise<Finish> {
  const { model, log, metrics, stopping } = components
  const signal = AbortSignal.any([inbox.signal, stopping])
  try {
    await place.ready(signal)
    const shareKey = clientKey(issued.parts)
    const session = model.engine.createSession({
      maxTokens: tokensMax(issued, model),
      shareKey,
      reserve: true,
    })
    // Whoever cancels or leaves gives the slot and its pages back before the next step, not after the next tokens.
    let closed: Promise<void> | undefined
    const close = () => {
      closed ??= session.close()
      return closed
    }
    signal.addEventListener('abort', close)
    try {
      // After a pause the answer so far is prompt: neither its bits nor those of the rest depend on how it is computed.
      await session.prefill(sequence(admitted, made), { signal })
      return await produce(made, session, admitted, { messages: link, inbox, components })
    } finally {
      signal.removeEventListener('abort', close)
      await close()
    }
  } catch (thrown) {
    if (inbox.interruption() !== undefined) return FINISH.cancelled
    if (!stopping.aborted) {
      metrics.count('aria_requests_failed_total')
      log.error({ error: toAriaError(thrown).message }, 'Generation failed')
    }
    return FINISH.error
  }
}

function sequence({ job: { prompt } }: AdmittedJob, { tokens }: Production): Uint32Array {
  if (tokens.length === 0) return prompt
  const joined = new Uint32Array(prompt.length + tokens.length)
  joined.set(prompt)
  joined.set(tokens, prompt.length)
  return joined
}
