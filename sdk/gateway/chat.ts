import type { Context } from 'hono'
import type { Choice, Constraint } from '../client/index.ts'
import { AriaError, toAriaError } from '../protocol/index.ts'
import { type AnswerEvent, answer, type Inference } from './answer.ts'
import { type ChatOrder, parseChatRequest } from './chat-request.ts'
import { errorBody } from './http-error.ts'
import type { Limiter } from './limiter.ts'
import {
  type AnswerHead,
  answerHead,
  completion,
  firstChunk,
  lastChunk,
  textChunk,
  usageChunk,
} from './shapes.ts'
import type { GatewayModel } from './tokenizer.ts'

/** A header that proxies pass on; each of the constraints says its part in about a hundred. */
const CHOICE_CHARS_MAX = 800

export interface ChatComponents {
  inference: Inference
  models: readonly GatewayModel[]
  limiter: Limiter
  nowMs: () => number
}

/** POST /v1/chat/completions */
export async function chatCompletions(context: Context, components: ChatComponents): Promise<Response> {
  const order = parseChatRequest(await readJson(context))
  const model = findModel(components.models, order.model)
  const left = new AbortController()
  context.req.raw.signal.addEventListener('abort', () => left.abort())
  const leave = await components.limiter.enter(left.signal)
  const events = answer(components.inference, model, order, left.signal)
  const finish = async () => {
    left.abort()
    await events.return(undefined)
    leave()
  }
  try {
    const start = await firstEvent(events)
    const head = answerHead(start, model.name, components.nowMs())
    const headers = ariaHeaders(head)
    if (order.stream)
      return new Response(sseBody(head, order, events, finish), { headers: { ...headers, ...SSE } })
    const body = await collect(head, events)
    await finish()
    return context.json(body, 200, headers)
  } catch (thrown) {
    await finish()
    throw thrown
  }
}

const SSE = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Reverse proxies such as nginx would otherwise collect the stream.
  'x-accel-buffering': 'no',
}

export function findModel(models: readonly GatewayModel[], name: string): GatewayModel {
  const found = models.find(model => model.name === name || model.modelId === name.toLowerCase())
  if (found !== undefined) return found
  throw new AriaError('unknown_model', `The model '${name}' does not exist.`, {
    facts: { param: 'model', models: models.map(model => model.name) },
    hint: `Served here: ${models.map(model => model.name).join(', ')}.`,
  })
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json()
  } catch (cause) {
    throw new AriaError('bad_request', 'The body is not valid JSON.', { facts: { param: 'body' }, cause })
  }
}

type Start = Extract<AnswerEvent, { type: 'start' }>

async function firstEvent(events: AsyncGenerator<AnswerEvent>): Promise<Start> {
  const { value } = await events.next()
  if (value?.type === 'start') return value
  throw new AriaError('internal', 'The answer ended before it started.')
}

function ariaHeaders({ start }: AnswerHead): Record<string, string> {
  const { order, choice } = start
  return {
    'x-aria-provider': order.offer.node,
    'x-aria-request-id': order.request.requestId,
    'x-aria-provider-choice': choiceText(choice),
  }
}

/** Why this provider, in a line that any HTTP client shows. */
function choiceText({ reason, good, candidates, excluded, constraints }: Choice): string {
  const counts = `${good} good of ${candidates + excluded.length} that offer the model`
  const asked = constraints.filter(({ name }) => name !== 'model').map(constraintText)
  return [reason, counts, ...asked]
    .join('; ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, CHOICE_CHARS_MAX)
}

function constraintText({ name, asked, effect, isClaim }: Constraint): string {
  return `${name} ${asked}: ${effect}${isClaim ? " (the operators' claim, unchecked)" : ''}`
}

async function collect(head: AnswerHead, events: AsyncGenerator<AnswerEvent>) {
  let text = ''
  for await (const event of events) {
    if (event.type === 'text') text += event.text
    if (event.type === 'end') return completion(head, text, event)
  }
  throw new AriaError('provider_failed', 'The answer ended without a receipt.')
}

const encoder = new TextEncoder()
const sse = (data: unknown): Uint8Array => encoder.encode(`data: ${JSON.stringify(data)}\n\n`)

/** One event per piece of text, pulled as fast as the caller reads; leaving cancels the job. */
function sseBody(
  head: AnswerHead,
  order: ChatOrder,
  events: AsyncGenerator<AnswerEvent>,
  finish: () => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(sse(firstChunk(head)))
    },
    async pull(controller) {
      try {
        const { value } = await events.next()
        if (value?.type === 'text') controller.enqueue(sse(textChunk(head, value.text)))
        if (value?.type !== 'end') return
        controller.enqueue(sse(lastChunk(head, value)))
        if (order.includeUsage) controller.enqueue(sse(usageChunk(head, value)))
        controller.enqueue(encoder.encode('data: [DONE]\n\n'))
      } catch (thrown) {
        // The status line is long gone: an error event, and no [DONE], says that the answer is incomplete.
        controller.enqueue(sse(errorBody(toAriaError(thrown)).body))
      }
      controller.close()
      await finish()
    },
    async cancel() {
      await finish()
    },
  })
}
