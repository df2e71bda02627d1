import type { KnownOffer } from '../p2p/index.ts'
import {
  type Address,
  AriaError,
  costMax,
  FINISH,
  toAriaError,
  WINDOW_TOKENS,
  WINDOW_TOKENS_FIRST,
} from '../protocol/index.ts'
import type { ChannelPool } from './channels/index.ts'
import type { Choice } from './choice/choose.ts'
import { type PickComponents, type Picked, pick } from './choice/pick.ts'
import { blame, type Reputation } from './choice/reputation.ts'
import { eventQueue } from './event-queue.ts'
import type { Delivery, InferRequest, Order } from './job/job.ts'
import type { OutputEvent } from './job/receive.ts'
import { type JobComponents, runJob } from './job/run.ts'
import { ATTEMPTS_MAX } from './limits.ts'

export type InferEvent =
  | { type: 'accepted'; order: Order; choice: Choice; attempt: number }
  | OutputEvent
  | { type: 'receipt'; delivery: Delivery }

export interface InferComponents extends JobComponents, PickComponents {
  pool: ChannelPool
  reputation: Reputation
  offersWaitMs: number
  busyWaitMs: number
  /** Books the finished request before its event is seen. */
  onDelivery: (delivery: Delivery) => void
  /** Ends every request when the client closes. */
  closing: AbortSignal
  /** Requests that still talk to a provider; closing waits for them. */
  running: Set<Promise<void>>
}

/**
 * One answer: accepted, tokens and checkpoints, receipt. Another provider is tried as long as no token was seen.
 * Ends when the receipt was checked, or throws an AriaError. Breaking out of the loop cancels the job.
 */
export async function* infer(components: InferComponents, request: InferRequest): AsyncGenerator<InferEvent> {
  const queue = eventQueue<InferEvent>()
  const stop = new AbortController()
  const signals = [stop.signal, components.closing, ...(request.signal === undefined ? [] : [request.signal])]
  const signal = AbortSignal.any(signals)
  const task = tryProviders(components, request, signal, event => queue.push(event)).then(
    () => queue.end(),
    thrown => queue.fail(signal.aborted ? cancelled(thrown) : thrown),
  )
  components.running.add(task)
  try {
    yield* queue
  } finally {
    stop.abort()
    await task
    components.running.delete(task)
  }
}

function cancelled(thrown: unknown): AriaError {
  const cause = toAriaError(thrown)
  if (cause.code === 'cancelled') return cause
  return new AriaError('cancelled', `The request was cancelled; then: ${cause.message}`, { cause })
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
  const offersUntilMs = performance.now() + components.offersWaitMs
  const busyUntilMs = performance.now() + components.busyWaitMs
  for (let attempt = 1; ; attempt++) {
    // Whoever was only busy may be asked again.
    const broken = failures.filter(({ error }) => blame(error) !== 'busy')
    const tried = new Set(broken.map(({ node }) => node))
    const waits = { offersUntilMs, busyUntilMs }
    const picked =
      broken.length < ATTEMPTS_MAX ? await pick(components, { request, tried, signal, ...waits }) : undefined
    if (picked === undefined) throw withAttempts(failures.at(-1)!.error, failures)
    let sawToken = false
    try {
      return await tryProvider(components, request, signal, { ...picked, attempt }, event => {
        sawToken ||= event.type === 'tokens'
        emit(event)
      })
    } catch (thrown) {
      const error = toAriaError(thrown)
      components.reputation.failed(picked.offer, error)
      failures.push({ node: picked.offer.node, error })
      if (signal.aborted || sawToken || blame(error) === 'ours') throw withAttempts(error, failures)
    } finally {
      picked.done()
    }
  }
}

async function tryProvider(
  components: InferComponents,
  request: InferRequest,
  signal: AbortSignal,
  { offer, choice, attempt }: Picked & { attempt: number },
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
    if (!signal.aborted) funding.topUpSoon(lease.id, costMax(delivery.order.terms))
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
    throw new AriaError('provider_failed', `The provider stopped after ${receipt.outputTokens} tokens.`, {
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
  return new AriaError(error.code, error.message, { ...details, ...(error.hint && { hint: error.hint }) })
}
