import type { Delivery, Order } from '../client/index.ts'
import type { AnswerEvent, FinishReason } from './answer.ts'

type Start = Extract<AnswerEvent, { type: 'start' }>
type End = Extract<AnswerEvent, { type: 'end' }>

/** Fields that all parts of one answer share. */
export interface AnswerHead {
  id: string
  created: number
  model: string
  start: Start
}

export function answerHead(start: Start, model: string, nowMs: number): AnswerHead {
  const id = `chatcmpl-${start.order.request.requestId.slice(2)}`
  return { id, created: Math.trunc(nowMs / 1000), model, start }
}

/** Who answered, what it cost, and the proof: under `aria` in the response and in the last chunk. */
function ariaField({ offer, request }: Order, delivery: Delivery | undefined) {
  return {
    provider: offer.node,
    operator: offer.offer.operator,
    requestId: request.requestId,
    seed: request.seed.toString(),
    cost: delivery?.cost.toString() ?? null,
    receiptHash: delivery?.receiptHash ?? null,
  }
}

function usage(promptTokens: number, completionTokens: number) {
  const total = promptTokens + completionTokens
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: total }
}

export function completion({ id, created, model, start }: AnswerHead, text: string, end: End) {
  const message = { role: 'assistant', content: text, refusal: null }
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: end.finishReason }],
    usage: usage(start.promptTokens, end.outputTokens),
    aria: ariaField(start.order, end.delivery),
  }
}

function chunk(
  { id, created, model }: AnswerHead,
  delta: { role?: 'assistant'; content?: string },
  finishReason: FinishReason | null,
) {
  const choice = { index: 0, delta, logprobs: null, finish_reason: finishReason }
  return { id, object: 'chat.completion.chunk', created, model, choices: [choice] }
}

export const firstChunk = (head: AnswerHead) => chunk(head, { role: 'assistant', content: '' }, null)
export const textChunk = (head: AnswerHead, content: string) => chunk(head, { content }, null)

export function lastChunk(head: AnswerHead, { finishReason, delivery }: End) {
  return { ...chunk(head, {}, finishReason), aria: ariaField(head.start.order, delivery) }
}

export function usageChunk(head: AnswerHead, { outputTokens, delivery }: End) {
  const counts = usage(head.start.promptTokens, outputTokens)
  return { ...chunk(head, {}, null), choices: [], usage: counts, aria: ariaField(head.start.order, delivery) }
}
