import type { FramedStream } from '@aria/sdk/p2p'
import {
  AriaError,
  FINISH,
  type Finish,
  type Hex,
  type JobRequest,
  requestFrameBytes,
  SMALL_FRAME_BYTES_MAX,
  toAriaError,
} from '@aria/sdk/protocol'
import type { Place } from '../../inference/scheduler.ts'
import { type AdmittedJob, admit } from './admit.ts'
import type { JobComponents } from './context.ts'
import { type Inbox, openInbox } from './inbox.ts'
import { ACK_TIMEOUT_MS, FIRST_FRAME_TIMEOUT_MS, QUOTE_SECONDS } from './limits.ts'
import { expectMessage, type JobMessages, jobMessages } from './messages.ts'
import { emptyProduction, type Production, produce } from './produce.ts'
import { channelBusy, type IssuedQuote, issueQuote } from './quote.ts'
import { refuse } from './refuse.ts'
import { cutToCheckpoint, settle } from './settle.ts'
import { clientKey, placeInit, tokensMax } from './share.ts'

/** One stream of /aria/job/1 from quote to acknowledgement. Never throws: whatever happens ends the stream. */
export async function serveJob(stream: FramedStream, peer: string, components: JobComponents): Promise<void> {
  const messages = jobMessages(stream)
  try {
    const { stopping } = components
    stream.limit(SMALL_FRAME_BYTES_MAX)
    const asked = await expectMessage(messages, 'quoteRequest', FIRST_FRAME_TIMEOUT_MS, stopping)
    components.quoteRate.take(peer)
    const issued = await issueQuote(asked, components)
    // Before the quote leaves, because the request may come at once: exactly as large as what was quoted.
    stream.limit(requestFrameBytes(asked.inputTokens))
    await messages.write({ type: 'quote', body: issued.reply })
    const job = await expectMessage(messages, 'request', QUOTE_SECONDS * 1000, stopping)
    stream.limit(SMALL_FRAME_BYTES_MAX)
    await serveRequest(messages, job, issued, components)
    await stream.close()
  } catch (thrown) {
    await refuse(stream, messages, thrown, components)
  }
}

async function serveRequest(
  messages: JobMessages,
  job: JobRequest,
  issued: IssuedQuote,
  components: JobComponents,
): Promise<void> {
  const { busyChannels, scheduler } = components
  const unlock = lockChannel(busyChannels, issued.quote.channelId)
  let place: Place | undefined
  const release = () => {
    place?.release()
    unlock()
  }
  try {
    // The place comes first: a full node must not keep the voucher of a request that it cannot serve.
    place = scheduler.enter(placeInit(issued, components.model))
    const admitted = await admit(job, issued, components)
    await runJob(messages, place, release, admitted, issued, components)
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
  messages: JobMessages,
  place: Place,
  release: () => void,
  admitted: AdmittedJob,
  issued: IssuedQuote,
  components: JobComponents,
): Promise<void> {
  const { metrics, log, clock } = components
  const startedAt = clock.nowSeconds()
  const made = emptyProduction()
  metrics.count('aria_requests_total')
  metrics.count('aria_tokens_prompt_total', admitted.terms.inputTokens)
  const inbox = openInbox(messages, admitted, components)
  try {
    const finish = await generate(messages, place, made, admitted, issued, inbox, components)
    const hasLeft = inbox.interruption() === 'disconnected' || inbox.interruption() === 'violation'
    // What is cut off may be the stop token, so a shortened answer is a cancelled one.
    const ending = hasLeft && cutToCheckpoint(made) ? FINISH.cancelled : finish
    const { receipt, signature, hash } = await settle(made, ending, startedAt, admitted, issued, components)
    // The books are closed, so slot and channel are free before the client reads the receipt and asks again.
    release()
    const { channel } = admitted
    log.debug(
      { channel, finish, outputTokens: receipt.outputTokens, due: receipt.cumulativeDue },
      'Request served',
    )
    const violation = inbox.violation()
    if (violation !== undefined) throw violation
    if (hasLeft) throw new AriaError('cancelled', 'The client left before the receipt.')
    await messages.write({ type: 'receipt', body: { receipt, signature } })
    if (!(await inbox.waitAck(hash, ACK_TIMEOUT_MS))) log.debug({ channel }, 'Receipt not acknowledged')
  } finally {
    inbox.close()
  }
}

/** Queue, prefill, decode. An engine's failure ends in a receipt with `error`, so that what was delivered stays paid and provable. */
async function generate(
  messages: JobMessages,
  place: Place,
  made: Production,
  admitted: AdmittedJob,
  issued: IssuedQuote,
  inbox: Inbox,
  components: JobComponents,
): Promise<Finish> {
  const { model, log, metrics, stopping } = components
  const { job, requestHash, view } = admitted
  const signal = AbortSignal.any([inbox.signal, stopping])
  const { balance, claimed, thawEnd, block } = view
  try {
    await messages.write({ type: 'accept', body: { requestHash, block, balance, claimed, thawEnd } })
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
      await session.prefill(job.prompt, { signal })
      return await produce(made, session, admitted, { messages, inbox, components })
    } finally {
      signal.removeEventListener('abort', close)
      await close()
    }
  } catch (thrown) {
    if (toAriaError(thrown).code === 'cancelled') inbox.lose()
    if (inbox.interruption() !== undefined) return FINISH.cancelled
    if (!stopping.aborted) {
      metrics.count('aria_requests_failed_total')
      log.error({ error: toAriaError(thrown).message }, 'Generation failed')
    }
    return FINISH.error
  }
}
