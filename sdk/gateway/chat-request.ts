import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import type { InferRequest } from '../client/index.ts'
import {
  AriaError,
  bytesToUint,
  isRegion,
  perToken,
  type SamplingParams,
  TOP_K_MAX,
  TOP_P_MAX,
} from '../protocol/index.ts'
import { MESSAGES_MAX, STOP_CHARS_MAX, STOPS_MAX, TEMPERATURE_DEFAULT } from './limits.ts'
import type { ChatMessage } from './tokenizer.ts'

/** A chat completion as the rest of the gateway sees it. */
export interface ChatOrder {
  model: string
  messages: ChatMessage[]
  stream: boolean
  includeUsage: boolean
  maxTokens: number | undefined
  sampling: SamplingParams
  seed: bigint
  stops: string[]
  /** What the caller asks of the provider: under `aria` in the body, as the answer's own facts are. */
  constraints: Constraints
}

export type Constraints = Pick<InferRequest, 'priceMax' | 'region' | 'energy'>

/** Accepted and without effect: they concern OpenAI's own books. */
const IGNORED = [
  'user',
  'metadata',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
]

/** Known to OpenAI, not served here: fine as long as they ask for nothing. */
const NEUTRAL: Record<string, readonly unknown[]> = {
  n: [1],
  frequency_penalty: [0],
  presence_penalty: [0],
  logprobs: [false],
  top_logprobs: [0],
  logit_bias: [{}],
  response_format: [{ type: 'text' }],
  tools: [[]],
  tool_choice: ['none', 'auto'],
  parallel_tool_calls: [true, false],
  functions: [[]],
  function_call: ['none', 'auto'],
  modalities: [['text']],
  audio: [],
  prediction: [],
  reasoning_effort: ['none'],
  verbosity: ['medium'],
  web_search_options: [],
}

const part = v.object({ type: v.literal('text', 'only text parts are served'), text: v.string() })
const message = v.looseObject({
  role: v.picklist(
    ['system', 'developer', 'user', 'assistant'],
    'must be system, developer, user or assistant',
  ),
  content: v.union([v.string(), v.array(part)], 'must be text or a list of text parts'),
})
const positive = v.pipe(v.number(), v.integer(), v.minValue(1))
const within = (min: number, max: number) => v.pipe(v.number(), v.minValue(min), v.maxValue(max))
const stop = v.pipe(v.string(), v.minLength(1), v.maxLength(STOP_CHARS_MAX))

const price = v.pipe(
  v.string('must be a text such as "0.5": ARIA per million tokens'),
  v.regex(/^\d{1,12}(\.\d{1,18})?$/, 'must be ARIA per million tokens, such as "0.5"'),
  v.transform(perToken),
)
const constraints = v.strictObject({
  priceMax: v.optional(v.strictObject({ input: price, output: price })),
  region: v.optional(
    v.pipe(
      v.string(),
      v.check(isRegion, 'must be a country, with a subdivision if wanted (ISO 3166): DE or DE-BE'),
    ),
  ),
  energy: v.optional(v.literal('least', 'must be "least"')),
})

const schema = v.object({
  model: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  messages: v.pipe(v.array(message), v.minLength(1), v.maxLength(MESSAGES_MAX)),
  stream: v.optional(v.boolean(), false),
  stream_options: v.optional(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  max_tokens: v.optional(positive),
  max_completion_tokens: v.optional(positive),
  temperature: v.optional(within(0, 2), TEMPERATURE_DEFAULT / 1000),
  top_p: v.optional(within(0, 1), 1),
  top_k: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(TOP_K_MAX)), 0),
  seed: v.optional(v.pipe(v.number(), v.safeInteger())),
  aria: v.optional(constraints),
  stop: v.optional(
    v.union([stop, v.pipe(v.array(stop), v.maxLength(STOPS_MAX))], `must be 1 to ${STOPS_MAX} texts`),
  ),
})
type Parsed = v.InferOutput<typeof schema>

/** @throws AriaError `bad_request` naming the parameter. */
export function parseChatRequest(json: unknown): ChatOrder {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw refuse('body', 'The body must be a JSON object.')
  }
  const given = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
  checkNames(given)
  const parsed = v.safeParse(schema, given)
  if (parsed.success) return toOrder(parsed.output)
  const [issue] = parsed.issues
  const param = v.getDotPath(issue) ?? 'body'
  throw refuse(param, `Invalid '${param}': ${issue.message}.`)
}

function checkNames(given: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(given)) {
    if (name in schema.entries || IGNORED.includes(name)) continue
    const neutral = NEUTRAL[name]
    if (neutral === undefined) throw refuse(name, `Unrecognized request argument: '${name}'.`)
    if (neutral.some(fine => JSON.stringify(fine) === JSON.stringify(value))) continue
    throw refuse(name, `'${name}' is not supported here; leave it out.`)
  }
}

function refuse(param: string, text: string): AriaError {
  return new AriaError('bad_request', text, { facts: { param } })
}

function toOrder(body: Parsed): ChatOrder {
  const stops = body.stop === undefined ? [] : [body.stop].flat()
  return {
    model: body.model,
    messages: body.messages.map(({ role, content }) => ({
      role: role === 'developer' ? 'system' : role,
      content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
    })),
    stream: body.stream,
    includeUsage: body.stream_options?.include_usage === true,
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
    sampling: {
      temperature: Math.round(body.temperature * 1000),
      topK: body.top_k,
      topP: Math.max(1, Math.round(body.top_p * TOP_P_MAX)),
    },
    // Without a seed every answer differs, as callers expect; the receipt records the one that was drawn.
    seed: body.seed === undefined ? bytesToUint(randomBytes(8)) : BigInt.asUintN(64, BigInt(body.seed)),
    stops,
    constraints: constraintsOf(body.aria ?? {}),
  }
}

function constraintsOf({ priceMax, region, energy }: NonNullable<Parsed['aria']>): Constraints {
  return {
    ...(priceMax !== undefined && { priceMax }),
    ...(region !== undefined && { region }),
    ...(energy !== undefined && { energy }),
  }
}
