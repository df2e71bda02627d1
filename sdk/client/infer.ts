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
import { larger, smaller } from './amounts.ts'
import {
  type Answer,
  type AnswerEvent,
  beginAnswer,
  InterruptedError,
  type Progress,
  type WholeAnswer,
} from './answer.ts'
import type { ChannelPool } from './channels/index.ts'
import type { Choice } from './choice/choose.ts'
import { checkHints } from './choice/claims.ts'
import { type PickComponents, type Picked, pick } from './choice/pick.ts'
import { blame, type Reputation } from './choice/reputation.ts'
import { eventQueue } from './event-queue.ts'
import type { Delivery, InferRequest, Order } from './job/job.ts'
import { emptyOutput } from './job/output.ts'
import type { OutputEvent } from './job/receive.ts'
import { type JobComponents, runJob } from './job/run.ts'
import { isUnreachable } from './job/stream.ts'
import {
  ATTEMPTS_MAX,
  FAILOVERS_MAX,
  JOB_COST_MAX,
  PROVIDERS_TRIED_MAX,
  REQUEST_LIFETIME_SECONDS,
} from './limits.ts'

/** `start` and `outputTokens` of tokens count over the whole answer, those of a checkpoint within its own order. */
export type InferEvent =
  | { type: 'accepted'; order: Order; choice: Choice; attempt: number }
  /** The answer goes on at another provider, because of what happened at the one before. */
  | { type: 'continued'; order: Order; choice: Choice; attempt: number; from: Address; because: AriaError }
  | AnswerEvent
  | Exclude<OutputEvent, { type: 'tokens' }>
  | { type: 'receipt'; delivery: Delivery; answer: WholeAnswer }
  /** All tokens arrived and are signed for; the last provider broke off before its receipt. */
  | { type: 'ended'; finish: 'stop' | 'length'; answer: WholeAnswer; because: AriaError }

export interface InferComponents extends JobComponents, PickComponents {
  pool: ChannelPool
  reputation: Reputation
  offersWaitMs: number
  busyWaitMs: number
  /** Keeps the finished request before its event is seen. */
  onDelivery: (delivery: Delivery) => void
  /** Ends every request when the client closes. */
  closing: AbortSignal
  /** Requests that still talk to a provider; closing waits for them. */
  running: Set<Promise<void>>
}

/**
 * One answer: accepted, tokens and checkpoints, receipt. When a provider breaks off, stalls or breaks the rules, another
 * one goes on with the same answer, at most FAILOVERS_MAX times.
 * Ends when the receipt was checked, or throws an AriaError: `interrupted` (an InterruptedError with what arrived) once
 * tokens were seen. Breaking out of the loop cancels the job.
 */
export async function* infer(components: InferComponents, request: InferRequest): AsyncGenerator<InferEvent> {
  checkHints(request)
  const queue = eventQueue<InferEvent>()
  const stop = new AbortController()
  const signals = [stop.signal, components.closing, ...(request.signal === undefined ? [] : [request.signal])]
  const signal = AbortSignal.any(signals)
  const task = answerAnywhere(components, request, signal, event => queue.push(event)).then(
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
  offer: KnownOffer
  error: AriaError
}

type Emit = (event: InferEvent) => void

/** One answer on its way through providers. */
interface Run {
  request: InferRequest
  answer: Answer
  failures: Failure[]
  signal: AbortSignal
  emit: Emit
  /** Seconds. */
  deadline: number
  /** Wei that broken orders may cost already. */
  promised: bigint
}

async function answerAnywhere(
  components: InferComponents,
  request: InferRequest,
  signal: AbortSignal,
  emit: Emit,
): Promise<void> {
  const failures: Failure[] = []
  const answer = beginAnswer(request, event => {
    if (event.type === 'rewound')
      components.reputation.failed(failures.at(-1)!.offer, unsigned(event.outputTokens))
    emit(event)
  })
  const deadline = Math.trunc(components.nowMs() / 1000) + REQUEST_LIFETIME_SECONDS
  const run: Run = { request, answer, failures, signal, emit, deadline, promised: 0n }
  try {
    await tryProviders(components, run)
  } catch (thrown) {
    const error = toAriaError(thrown)
    if (signal.aborted || !answer.hasBegun()) throw withAttempts(error, run.failures)
    throw new InterruptedError(answer.whole(), error, attemptsOf(run.failures))
  }
}

/** Whoever delivers other tokens than the model makes, and never signs for them, is no honest failure. */
function unsigned(index: number): AriaError {
  return new AriaError(
    'bad_receipt',
    `Token ${index} differs from another provider's, and was never signed.`,
    {
      facts: { index },
    },
  )
}

async function tryProviders(components: InferComponents, run: Run): Promise<void> {
  const { answer, failures, signal, emit } = run
  const { reputation } = components
  let waits = waitsFrom(components)
  let fruitless = 0
  let failovers = 0
  for (let attempt = 1; ; attempt++) {
    // Whoever was only busy may be asked again.
    const broken = failures.filter(({ error }) => blame(error) !== 'busy')
    const tried = new Set(broken.map(({ offer }) => offer.node))
    const isBounded = broken.length < PROVIDERS_TRIED_MAX && failovers <= FAILOVERS_MAX
    const mayTry = isBounded && fruitless < ATTEMPTS_MAX && isInTime(components, run)
    const request = answer.next()
    const picked = mayTry ? await pick(components, { request, tried, signal, ...waits }) : undefined
    if (picked === undefined) throw failures.at(-1)!.error
    const progress: Progress = { output: emptyOutput(), order: undefined, delivery: undefined, signed: 0n }
    try {
      return await tryProvider(components, run, request, { ...picked, attempt }, progress)
    } catch (thrown) {
      const error = toAriaError(thrown)
      reputation.failed(picked.offer, error)
      failures.push({ offer: picked.offer, error })
      const kept = answer.keep(progress)
      if (answer.hasBegun() && answer.isComplete() && !signal.aborted) {
        const finish = answer.isStopped() ? 'stop' : 'length'
        return emit({ type: 'ended', finish, answer: answer.whole(), because: error })
      }
      if (signal.aborted || blame(error) === 'ours') throw error
      if (kept > 0) fruitless = 0
      else if (blame(error) !== 'busy' && !isUnreachable(error)) fruitless++
      if (progress.output.tokens.length > 0) {
        failovers++
        waits = waitsFrom(components)
      }
    } finally {
      picked.done()
    }
  }
}

function waitsFrom({ offersWaitMs, busyWaitMs }: InferComponents) {
  const nowMs = performance.now()
  return { offersUntilMs: nowMs + offersWaitMs, busyUntilMs: nowMs + busyWaitMs }
}

function isInTime({ nowMs }: InferComponents, { deadline }: Run): boolean {
  return nowMs() < deadline * 1000
}

async function tryProvider(
  components: InferComponents,
  run: Run,
  wanted: InferRequest,
  { offer, choice, attempt }: Picked & { attempt: number },
  progress: Progress,
): Promise<void> {
  const { pool, funding, reputation, channels } = components
  const { answer, signal, emit, deadline } = run
  const { node } = offer
  const payee = { node, operator: offer.offer.operator, payee: offer.offer.payee }
  const lease = await pool.lease(payee, { signal })
  const dueBefore = channels.get(lease.id)!.due
  try {
    const isStranger = (reputation.record(node)?.served ?? 0) === 0
    const delivery = await runJob(components, {
      ...{ offer, channel: lease.id, wanted, signal, output: progress.output },
      ...{ deadline, budget: smaller(run.request.costMax ?? JOB_COST_MAX, JOB_COST_MAX) - run.promised },
      windowTokensMax: isStranger ? WINDOW_TOKENS_FIRST : WINDOW_TOKENS,
      onAccepted: order => {
        progress.order = order
        emit(begun({ order, choice, attempt }, run))
      },
      emit: event => {
        if (event.type !== 'tokens') emit(event)
        else answer.show(progress.order!, event.start, event.tokens)
      },
    })
    progress.delivery = delivery
    components.onDelivery(delivery)
    judge(components, offer, delivery, signal)
    answer.keep(progress)
    emit({ type: 'receipt', delivery, answer: answer.whole() })
    if (!signal.aborted) funding.topUpSoon(lease.id, costMax(delivery.order.terms))
  } finally {
    progress.signed = channels.get(lease.id)!.signed?.total ?? 0n
    run.promised += larger(progress.signed - dueBefore, 0n)
    lease.release()
  }
}

function begun(
  now: { order: Order; choice: Choice; attempt: number },
  { answer, failures }: Run,
): InferEvent {
  const before = failures.at(-1)
  if (!answer.hasBegun() || before === undefined) return { type: 'accepted', ...now }
  return { type: 'continued', ...now, from: before.offer.node, because: before.error }
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
  const details = { facts: { ...error.facts, attempts: attemptsOf(failures) }, cause: error.cause }
  return new AriaError(error.code, error.message, { ...details, ...(error.hint && { hint: error.hint }) })
}

function attemptsOf(failures: readonly Failure[]) {
  return failures.map(({ offer: { node }, error: { code, message } }) => ({ node, code, message }))
}
