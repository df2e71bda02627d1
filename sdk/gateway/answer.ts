import type { Choice, Client, Delivery, InferEvent, Order, WholeAnswer } from '../client/index.ts'
import { AriaError, type ErrorCode, FINISH, PROMPT_TOKENS_MAX, toAriaError } from '../protocol/index.ts'
import type { ChatOrder } from './chat-request.ts'
import { OUTPUT_TOKENS_DEFAULT } from './limits.ts'
import { stopScanner } from './stop-scanner.ts'
import type { GatewayModel } from './tokenizer.ts'

export type Inference = Pick<Client, 'infer' | 'offers' | 'status' | 'receipt'>

export type FinishReason = 'stop' | 'length'

/** What the answer cost, and the last provider's receipt when it came. */
export interface Bill {
  delivery: Delivery | undefined
  whole: WholeAnswer
}

/** An answer as text: one start, pieces as they come, one end. */
export type AnswerEvent =
  | { type: 'start'; order: Order; choice: Choice; promptTokens: number }
  | { type: 'text'; text: string }
  | { type: 'end'; finishReason: FinishReason; outputTokens: number; bill: Bill | undefined }

/** The start comes with the first token, so that a failure before it can still be an HTTP status. */
export async function* answer(
  inference: Inference,
  model: GatewayModel,
  order: ChatOrder,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const promptTokens = await encoded(model, order, signal)
  const maxOutputTokens = outputLimit(inference, model, promptTokens.length, order.maxTokens)
  const { modelId } = model
  const { vocabSize, stopTokens } = model.tokenizer
  const { sampling, seed } = order
  const stopped = new AbortController()
  const events = inference.infer({
    ...{
      modelId,
      promptTokens,
      vocabSize,
      stopTokens,
      maxOutputTokens,
      sampling,
      seed,
      ...order.constraints,
    },
    signal: AbortSignal.any([signal, stopped.signal]),
  })
  yield* asText(events, model, order.stops, { stopped, promptTokens: promptTokens.length })
}

/** What a tokenizer says of the caller's messages, as the gateway's errors; everything else is a failure of ours. */
const REFUSED: Readonly<Record<string, ErrorCode>> = {
  bad_template: 'bad_request',
  bad_token: 'prompt_too_long',
  aborted: 'cancelled',
}

async function encoded(
  { tokenizer }: GatewayModel,
  { messages }: ChatOrder,
  signal: AbortSignal,
): Promise<Uint32Array> {
  try {
    return await tokenizer.encodeChatAsync(messages, { signal })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? REFUSED[String(cause.code)] : undefined
    if (code === undefined) throw toAriaError(cause)
    throw new AriaError(code, (cause as Error).message, { facts: { param: 'messages' }, cause })
  }
}

async function* asText(
  events: AsyncIterable<InferEvent>,
  { tokenizer }: GatewayModel,
  stops: readonly string[],
  { stopped, promptTokens }: { stopped: AbortController; promptTokens: number },
): AsyncGenerator<AnswerEvent> {
  const decoder = tokenizer.decoder()
  const scanner = stopScanner(stops)
  let start: AnswerEvent | undefined
  let bill: Bill | undefined
  let isStop = false
  let outputTokens = 0

  try {
    for await (const event of events) {
      if (event.type === 'accepted')
        start = { type: 'start', order: event.order, choice: event.choice, promptTokens }
      if (event.type === 'rewound') throw rewound(event.outputTokens)
      if (event.type === 'receipt' || event.type === 'ended') {
        bill = billOf(event)
        isStop = event.type === 'ended' ? event.finish === 'stop' : endsByItself(event.delivery)
      }
      const isText = event.type === 'tokens' || bill !== undefined
      if (isText && start !== undefined) {
        yield start
        start = undefined
      }
      if (event.type !== 'tokens' || stopped.signal.aborted) continue
      outputTokens += event.tokens.length
      const text = decoder.push(event.tokens.filter(token => !tokenizer.stopTokens.includes(token)))
      const piece = scanner.push(text)
      if (piece.text !== '') yield { type: 'text', text: piece.text }
      // The rest would be thrown away: the provider is told to stop, and sends its receipt.
      if (piece.stopped) stopped.abort()
    }
  } catch (thrown) {
    // The caller has its whole answer; only the receipt is missing.
    if (!stopped.signal.aborted) throw toAriaError(thrown)
  }
  if (!stopped.signal.aborted) {
    const rest = scanner.push(decoder.end())
    const text = rest.stopped ? rest.text : rest.text + scanner.end()
    if (text !== '') yield { type: 'text', text }
  }
  const finishReason = stopped.signal.aborted || isStop ? 'stop' : 'length'
  yield { type: 'end', finishReason, outputTokens: bill?.whole.output.length ?? outputTokens, bill }
}

function billOf(event: Extract<InferEvent, { type: 'receipt' | 'ended' }>): Bill {
  return { delivery: event.type === 'receipt' ? event.delivery : undefined, whole: event.answer }
}

function endsByItself({ receipt }: Delivery): boolean {
  return receipt.finish === FINISH.stop
}

/** The text was sent already, and cannot be taken back. */
function rewound(index: number): AriaError {
  return new AriaError(
    'provider_failed',
    `The provider's tokens from ${index} on were wrong; it broke off.`,
    {
      facts: { index },
      hint: 'Ask again.',
    },
  )
}

/** The caller's limit, within what fits beside the prompt. @throws AriaError `prompt_too_long`. */
function outputLimit(
  inference: Inference,
  { modelId, contextLength }: GatewayModel,
  promptLength: number,
  maxTokens: number | undefined,
): number {
  const offered = inference.offers().filter(({ offer }) => offer.modelId === modelId)
  const longest = Math.max(0, ...offered.map(({ offer }) => offer.contextMax))
  const context = Math.min(contextLength, longest === 0 ? contextLength : longest, PROMPT_TOKENS_MAX)
  if (promptLength >= context) {
    const limit = `This model's maximum context length is ${context} tokens.`
    throw new AriaError('prompt_too_long', `${limit} Your messages take ${promptLength} tokens.`, {
      facts: { param: 'messages', promptTokens: promptLength, contextLength: context },
      hint: 'Shorten the messages.',
    })
  }
  return Math.min(maxTokens ?? OUTPUT_TOKENS_DEFAULT, context - promptLength)
}
