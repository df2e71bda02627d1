import type { ChatMessage, Model, Sampling, Session } from '@aria/engine'
import { AriaError } from '@aria/sdk/protocol'

export interface LocalQuestion {
  messages: readonly ChatMessage[]
  maxTokens: number
  sampling: Sampling
  seed: bigint
  /** Ends the answer within one decode step; what was made so far counts. */
  signal: AbortSignal
  print(text: string): void
}

export interface LocalAnswer {
  text: string
  promptTokens: number
  outputTokens: number
  finish: 'stop' | 'length' | 'cancelled'
  firstTokenMs: number
  tokensPerSecond: number
}

/** Tokens per decode call: the first alone, then few, so that text flows and stopping is quick. */
const STEP_TOKENS = 4

/** Answers the last message of a chat without network or payment. @throws AriaError `prompt_too_long`. */
export async function answerLocally(model: Model, question: LocalQuestion): Promise<LocalAnswer> {
  const tokens = await model.tokenizer.encodeChatAsync(question.messages, { signal: question.signal })
  const room = model.info.contextLength - tokens.length
  if (room < 1) throw tooLong(tokens.length, model.info.contextLength)
  const limit = Math.min(question.maxTokens, room)
  const session = model.createSession({ maxTokens: tokens.length + limit })
  const startedMs = performance.now()
  try {
    await session.prefill(tokens, { signal: question.signal })
    const { firstAtMs, ...made } = await decode(model, session, limit, question)
    return { ...made, promptTokens: tokens.length, ...speed(startedMs, firstAtMs, made.outputTokens) }
  } catch (thrown) {
    if (!question.signal.aborted) throw thrown
    const nothing = { text: '', outputTokens: 0, firstTokenMs: 0, tokensPerSecond: 0 }
    return { ...nothing, promptTokens: tokens.length, finish: 'cancelled' }
  } finally {
    await session.close()
  }
}

interface Decoded {
  text: string
  outputTokens: number
  finish: LocalAnswer['finish']
  firstAtMs: number
}

async function decode(
  { tokenizer }: Model,
  session: Session,
  limit: number,
  { sampling, seed, signal, print }: LocalQuestion,
): Promise<Decoded> {
  const decoder = tokenizer.decoder()
  const stops = new Set(tokenizer.stopTokens)
  const made: Decoded = { text: '', outputTokens: 0, finish: 'length', firstAtMs: performance.now() }
  const take = (text: string) => {
    made.text += text
    print(text)
  }
  while (made.outputTokens < limit && made.finish === 'length') {
    const isFirst = made.outputTokens === 0
    const tokens = await session.decode(
      isFirst ? 1 : Math.min(STEP_TOKENS, limit - made.outputTokens),
      sampling,
      seed,
    )
    if (isFirst) made.firstAtMs = performance.now()
    made.outputTokens += tokens.length
    take(decoder.push(tokens.filter(token => !stops.has(token))))
    if (tokens.length === 0 || stops.has(tokens.at(-1)!)) made.finish = 'stop'
    else if (signal.aborted) made.finish = 'cancelled'
  }
  take(decoder.end())
  return made
}

function speed(
  startedMs: number,
  firstAtMs: number,
  outputTokens: number,
): Pick<LocalAnswer, 'firstTokenMs' | 'tokensPerSecond'> {
  const seconds = (performance.now() - firstAtMs) / 1000
  return {
    firstTokenMs: Math.round(firstAtMs - startedMs),
    tokensPerSecond: outputTokens > 1 ? Number(((outputTokens - 1) / seconds).toFixed(1)) : 0,
  }
}

function tooLong(tokens: number, limit: number): AriaError {
  return new AriaError('prompt_too_long', `The prompt has ${tokens} tokens, the model takes ${limit}.`, {
    facts: { tokens, limit },
    hint: 'Shorten the prompt.',
  })
}
