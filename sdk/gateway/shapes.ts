import type { Order } from '../client/index.ts'
import type { AnswerEvent, Bill, FinishReason } from './answer.ts'

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
function ariaField(order: Order, bill: Bill | undefined) {
  const { offer, request } = order
  return {
    provider: offer.node,
    operator: offer.offer.operator,
    /** The order with the receipt: the last one. */
    requestId: (bill?.delivery?.order ?? order).request.requestId,
    seed: request.seed.toString(),
    /** More than one when the answer went on elsewhere. */
    providers: bill?.whole.pieces.map(({ order }) => order.offer.node) ?? [offer.node],
    cost: bill?.whole.cost.toString() ?? null,
    receiptHash: bill?.delivery?.receiptHash ?? null,
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
    aria: ariaField(start.order, end.bill),
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

export function lastChunk(head: AnswerHead, { finishReason, bill }: End) {
  return { ...chunk(head, {}, finishReason), aria: ariaField(head.start.order, bill) }
}

export function usageChunk(head: AnswerHead, { outputTokens, bill }: End) {
  const counts = usage(head.start.promptTokens, outputTokens)
  return { ...chunk(head, {}, null), choices: [], usage: counts, aria: ariaField(head.start.order, bill) }
}
