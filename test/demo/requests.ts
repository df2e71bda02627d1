import type OpenAI from 'openai'

export interface Measured {
  /** Lower case. */
  operator: string
  inputTokens: number
  outputTokens: number
  cost: bigint
  ttftMs: number
  tokensPerSecond: number
  text: string
}

const PROMPTS = [
  'Tell me a story about a fox and a lantern.',
  'What is 7 plus 5?',
  'What is ARIA?',
  'Tell me a story about a girl and a red kite.',
  'How do I become a provider?',
  'What is 24 minus 9?',
  'What is a voucher?',
  'Hello! Who are you?',
]
const TOKENS_MAX = 96

interface AriaFacts {
  operator: string
  cost: string
}

/** One paid, streamed request through the gateway with the official client; figures as a user sees them. */
export async function ask(client: OpenAI, model: string, index: number): Promise<Measured> {
  const begun = performance.now()
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: PROMPTS[index % PROMPTS.length]! }],
    max_tokens: TOKENS_MAX,
    temperature: index % 2 === 0 ? 0.7 : 0,
    seed: index,
  })
  let firstAt = 0
  let text = ''
  let usage: OpenAI.CompletionUsage | null | undefined
  let aria: AriaFacts | undefined
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? ''
    if (piece !== '' && firstAt === 0) firstAt = performance.now()
    text += piece
    usage = chunk.usage ?? usage
    aria = (chunk as { aria?: AriaFacts }).aria ?? aria
  }
  const ended = performance.now()
  if (!usage || !aria) throw new Error(`Request ${index} ended without usage and receipt facts.`)
  return {
    operator: aria.operator.toLowerCase(),
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    cost: BigInt(aria.cost),
    ttftMs: (firstAt || ended) - begun,
    tokensPerSecond: usage.completion_tokens / ((ended - begun) / 1000),
    text,
  }
}

/** Runs requests `from`..`to` with a fixed number in flight. */
export async function askMany(
  client: OpenAI,
  model: string,
  from: number,
  to: number,
  parallel: number,
): Promise<Measured[]> {
  const results: Measured[] = []
  let next = from
  const worker = async () => {
    while (next < to) results.push(await ask(client, model, next++))
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return results
}
