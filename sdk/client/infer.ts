import type { Host, KnownOffer } from '../p2p/index.ts'
import {
  type Address,
  type AriaError,
  AriaError as AriaFailure,
  costMax,
  type Deployed,
  FINISH,
  toAriaError,
  WINDOW_TOKENS,
  WINDOW_TOKENS_FIRST,
} from '../protocol/index.ts'
import type { ChannelPool, Funding } from './channels/index.ts'
import { type CandidateComponents, listCandidates, nobody } from './choice/candidates.ts'
import { type Choice, choose } from './choice/choose.ts'
import { blame, type Reputation } from './choice/reputation.ts'
import { eventQueue } from './event-queue.ts'
import type { Delivery, InferRequest, Order } from './job/job.ts'
import type { OutputEvent } from './job/receive.ts'
import { type JobComponents, runJob } from './job/run.ts'
import { ATTEMPTS_MAX, OFFERS_POLL_MS } from './limits.ts'

export type InferEvent =
  | { type: 'accepted'; order: Order; choice: Choice; attempt: number }
  | OutputEvent
  | { type: 'receipt'; delivery: Delivery }

export interface InferComponents extends JobComponents {
  host: Host
  deployed: Deployed
  pool: ChannelPool
  funding: Funding
  reputation: Reputation
  candidates: CandidateComponents
  random: () => number
  offersWaitMs: number
  /** Books the finished request before its event is seen. */
  onDelivery: (delivery: Delivery) => void
}

/**
 * One answer: accepted, tokens and checkpoints, receipt. Another provider is tried as long as no token was seen.
 * Ends when the receipt was checked, or throws an AriaError. Breaking out of the loop cancels the job.
 */
export async function* infer(components: InferComponents, request: InferRequest): AsyncGenerator<InferEvent> {
  const queue = eventQueue<InferEvent>()
  const stop = new AbortController()
  const signal = request.signal === undefined ? stop.signal : AbortSignal.any([request.signal, stop.signal])
  const running = tryProviders(components, request, signal, event => queue.push(event)).then(
    () => queue.end(),
    thrown => queue.fail(signal.aborted ? cancelled(thrown) : thrown),
  )
  try {
    yield* queue
  } finally {
    stop.abort()
    await running
  }
}

function cancelled(thrown: unknown): AriaError {
  const cause = toAriaError(thrown)
  if (cause.code === 'cancelled') return cause
  return new AriaFailure('cancelled', `The request was cancelled; then: ${cause.message}`, { cause })
}

interface Failure {
  node: Address
  error: AriaError
}

async function tryProviders(
  components: InferComponents,
  request: InferRequest,
  signal: AbortSignal,
  emit: (event: InferEvent) => void,
): Promise<void> {
  const failures: Failure[] = []
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const picked = await pick(components, request, failures, signal)
    if (picked === undefined) break
    let sawToken = false
    const watch = (event: InferEvent) => {
      sawToken ||= event.type === 'tokens'
      emit(event)
    }
    try {
      return await tryProvider(components, request, signal, { ...picked, attempt }, watch)
    } catch (thrown) {
      const error = toAriaError(thrown)
      components.reputation.failed(picked.offer, error)
      failures.push({ node: picked.offer.node, error })
      if (signal.aborted || sawToken || blame(error) === 'ours') throw withAttempts(error, failures)
    }
  }
  throw withAttempts(failures.at(-1)!.error, failures)
}

/** Undefined when providers were tried and no other is left; then the last failure is the answer. */
async function pick(
  { candidates, random, offersWaitMs, nowMs }: InferComponents,
  request: InferRequest,
  failures: readonly Failure[],
  signal: AbortSignal,
): Promise<{ offer: KnownOffer; choice: Choice } | undefined> {
  const tried = new Set(failures.map(({ node }) => node))
  const inputTokens = request.promptTokens.length + (request.tokensSoFar?.length ?? 0)
  const wanted = { inputTokens, maxOutputTokens: request.maxOutputTokens }
  const waitUntilMs = performance.now() + offersWaitMs
  for (;;) {
    if (signal.aborted)
      throw new AriaFailure('cancelled', 'The request was cancelled before a provider was chosen.')
    const list = await listCandidates(candidates, request, tried)
    const found = choose(list.candidates, wanted, random)
    if (found !== undefined) {
      const { offer } = found.chosen
      const counts = { good: found.good, candidates: list.candidates.length, excluded: list.excluded }
      const who = { node: offer.node, operator: offer.offer.operator }
      return { offer, choice: { ...who, reason: found.reason, ...counts } }
    }
    if (failures.length > 0) return undefined
    // Only an empty book is worth waiting for: it fills within moments of joining the network.
    const isWaiting = list.ofModel === 0 && performance.now() < waitUntilMs
    if (!isWaiting) throw nobody(request.modelId, inputTokens, list, nowMs())
    await new Promise(resolve => setTimeout(resolve, OFFERS_POLL_MS))
  }
}

async function tryProvider(
  components: InferComponents,
  request: InferRequest,
  signal: AbortSignal,
  { offer, choice, attempt }: { offer: KnownOffer; choice: Choice; attempt: number },
  emit: (event: InferEvent) => void,
): Promise<void> {
  const { pool, funding, reputation } = components
  const { node } = offer
  const payee = { node, operator: offer.offer.operator, payee: offer.offer.payee }
  const lease = await pool.lease(payee, { signal })
  try {
    const isStranger = (reputation.record(node)?.served ?? 0) === 0
    const delivery = await runJob(components, {
      ...{ offer, channel: lease.id, wanted: request, signal, emit },
      windowTokensMax: isStranger ? WINDOW_TOKENS_FIRST : WINDOW_TOKENS,
      onAccepted: order => emit({ type: 'accepted', order, choice, attempt }),
    })
    components.onDelivery(delivery)
    judge(components, offer, delivery, signal)
    emit({ type: 'receipt', delivery })
    funding.topUpSoon(lease.id, costMax(delivery.order.terms))
  } finally {
    lease.release()
  }
}

/** A valid receipt can still report a failure of the provider: then it counts as one. */
function judge(
  { reputation }: InferComponents,
  offer: KnownOffer,
  { receipt, firstTokenMs, tokensPerSecond }: Delivery,
  signal: AbortSignal,
): void {
  const broke = receipt.finish === FINISH.error || receipt.finish === FINISH.voucherTimeout
  if (broke || (receipt.finish === FINISH.cancelled && !signal.aborted)) {
    throw new AriaFailure('provider_failed', `The provider stopped after ${receipt.outputTokens} tokens.`, {
      facts: { finish: receipt.finish, outputTokens: receipt.outputTokens },
    })
  }
  reputation.served(offer, {
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    ...(tokensPerSecond !== undefined && { tokensPerSecond }),
  })
}

function withAttempts(error: AriaError, failures: readonly Failure[]): AriaError {
  const attempts = failures.map(({ node, error: { code, message } }) => ({ node, code, message }))
  const details = { facts: { ...error.facts, attempts }, cause: error.cause }
  return new AriaFailure(error.code, error.message, { ...details, ...(error.hint && { hint: error.hint }) })
}
