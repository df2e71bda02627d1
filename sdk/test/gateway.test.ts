import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Gateway, type GatewayInit, startGateway } from '../gateway/index.ts'
import { AriaError, type ErrorCode } from '../protocol/index.ts'
import {
  byteTokenizer,
  encode,
  type ScriptedInference,
  scriptedInference,
} from './helpers/scripted-inference.ts'
import { MODEL_ID } from './helpers/scripted-provider.ts'

let gateway: Gateway
let inference: ScriptedInference
let openai: OpenAI

const ANSWER = 'Grüße, 世界! 🦊'

async function start(init: Partial<GatewayInit> = {}, tokenizer = byteTokenizer): Promise<void> {
  const models = [{ name: 'aria-1', modelId: MODEL_ID, contextLength: 100, tokenizer }]
  gateway = await startGateway({ port: 0, ...init }, { inference, models })
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
}

beforeEach(async () => {
  inference = scriptedInference([...encode(ANSWER), 256])
  await start()
})

afterEach(async () => {
  await gateway.close()
})

const ask = { model: 'aria-1', messages: [{ role: 'user' as const, content: 'hi' }] }

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

test('a completion has OpenAI’s shape, exact usage, and who was paid', async () => {
  const completion = await openai.chat.completions.create(ask)

  expect(completion.object).toBe('chat.completion')
  expect(completion.choices[0]!.message).toEqual({ role: 'assistant', content: ANSWER, refusal: null })
  expect(completion.choices[0]!.finish_reason).toBe('stop')
  const tokens = encode(ANSWER).length + 1
  expect(completion.usage).toEqual({ prompt_tokens: 2, completion_tokens: tokens, total_tokens: tokens + 2 })
  expect((completion as unknown as { aria: object }).aria).toMatchObject({
    provider: `0x${'0e'.repeat(20)}`,
    operator: `0x${'0f'.repeat(20)}`,
    requestId: `0x${'1d'.repeat(32)}`,
    cost: '12345678901234567890',
    receiptHash: `0x${'cc'.repeat(32)}`,
  })
})

test('what a caller asks of the provider reaches the choice, and the choice says what it did', async () => {
  inference.constraints = [
    { name: 'model', asked: MODEL_ID, effect: '3 of 3 offers', isClaim: false },
    { name: 'price', asked: '0.5 in, 2 out', effect: '1 of 3 are dearer', isClaim: false },
    { name: 'region', asked: 'DE', effect: '2 of 2 equally fast claim it', isClaim: true },
  ]
  const aria = { priceMax: { input: '0.5', output: '2' }, region: 'DE', energy: 'least' }

  const response = await post({ ...ask, aria })

  expect(response.status).toBe(200)
  expect(inference.requests[0]).toMatchObject({
    ...{ priceMax: { input: 500_000_000_000n, output: 2_000_000_000_000n }, region: 'DE', energy: 'least' },
  })
  expect(response.headers.get('x-aria-provider-choice')).toBe(
    'the only good one; 1 good of 1 that offer the model; price 0.5 in, 2 out: 1 of 3 are dearer; ' +
      "region DE: 2 of 2 equally fast claim it (the operators' claim, unchecked)",
  )
})

test.each([
  ['aria.region', { region: 'UK' }],
  ['aria.region', { region: 'DE-BERL' }],
  ['aria.energy', { energy: 'most' }],
  ['aria.priceMax.input', { priceMax: { input: 0.5, output: '2' } }],
  ['aria.priceMax.output', { priceMax: { input: '0.5', output: '-2' } }],
  ['aria.priceMax.output', { priceMax: { input: '0.5' } }],
  ['aria.speed', { speed: 'most' }],
])('a constraint that means nothing is named: %s', async (param, aria) => {
  const response = await post({ ...ask, aria })

  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param, code: 'invalid_request' } })
  expect(inference.requests).toEqual([])
})

test('a stream brings every character whole, then finish, usage and the proof', async () => {
  const options = { ...ask, stream: true as const, stream_options: { include_usage: true } }
  const { data, response } = await openai.chat.completions.create(options).withResponse()
  const chunks = []
  for await (const chunk of data) chunks.push(chunk)

  const texts = chunks.map(chunk => chunk.choices[0]?.delta.content ?? '')
  expect(texts.join('')).toBe(ANSWER)
  expect(texts.filter(text => text !== '')).toEqual([...ANSWER])
  expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('stop')
  expect(chunks.at(-1)!.choices).toEqual([])
  expect(chunks.at(-1)!.usage!.prompt_tokens).toBe(2)
  expect((chunks.at(-1) as unknown as { aria: { cost: string } }).aria.cost).toBe('12345678901234567890')
  expect(response.headers.get('x-aria-provider')).toBe(`0x${'0e'.repeat(20)}`)
  expect(response.headers.get('x-aria-provider-choice')).toBe(
    'the only good one; 1 good of 1 that offer the model',
  )
  expect(response.headers.get('x-aria-request-id')).toBe(`0x${'1d'.repeat(32)}`)
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
})

test('the first token reaches the caller before the second is made', async () => {
  const gate = Promise.withResolvers<void>()
  inference.before = at => (at === 1 ? gate.promise : undefined)
  const stream = await openai.chat.completions.create({ ...ask, stream: true })

  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content === 'G') gate.resolve()
  }

  await gate.promise
})

test('a token limit ends an answer with finish_reason length', async () => {
  for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3 }]) {
    const completion = await openai.chat.completions.create({ ...ask, ...limit })

    expect(completion.choices[0]!.finish_reason).toBe('length')
    expect(completion.usage!.completion_tokens).toBe(3)
  }
  expect(inference.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([3, 3])
})

test('an answer never exceeds what fits beside the prompt', async () => {
  await openai.chat.completions.create({ ...ask, max_tokens: 4096 })

  expect(inference.requests[0]!.maxOutputTokens).toBe(98)
})

test('a stop text is cut off, even across tokens, and the provider is told to stop', async () => {
  inference.output = encode('one two STOP three')
  const completion = await openai.chat.completions.create({ ...ask, stop: ['never', 'STOP'] })

  expect(completion.choices[0]!.message.content).toBe('one two ')
  expect(completion.choices[0]!.finish_reason).toBe('stop')
  expect(inference.cancelled).toBe(1)
})

test('text that only begins like a stop text is delivered', async () => {
  inference.output = encode('one STO')
  const stream = await openai.chat.completions.create({ ...ask, stop: 'STOP', stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''

  expect(text).toBe('one STO')
})

test('sampling travels as signed integers, and equal seeds stay equal', async () => {
  await openai.chat.completions.create({ ...ask, temperature: 0.35, top_p: 0.9, seed: -1 })
  await openai.chat.completions.create({ ...ask, temperature: 0 })

  const [first, second] = inference.requests
  expect(first!.sampling).toEqual({ temperature: 350, topK: 0, topP: 9000 })
  expect(first!.seed).toBe(2n ** 64n - 1n)
  expect(second!.sampling.temperature).toBe(0)
})

test('two requests without a seed draw different ones', async () => {
  await openai.chat.completions.create(ask)
  await openai.chat.completions.create(ask)

  expect(inference.requests[0]!.seed).not.toBe(inference.requests[1]!.seed)
})

test('parameters that change nothing are accepted', async () => {
  const harmless = { user: 'me', metadata: { a: 'b' }, n: 1, frequency_penalty: 0, tools: [], logprobs: null }

  expect((await post({ ...ask, ...harmless })).status).toBe(200)
})

test.each([
  ['several answers', { n: 2 }, 'n'],
  ['penalties', { presence_penalty: 1 }, 'presence_penalty'],
  ['tools', { tools: [{ type: 'function' }] }, 'tools'],
  ['JSON mode', { response_format: { type: 'json_object' } }, 'response_format'],
  ['log probabilities', { logprobs: true }, 'logprobs'],
  ['an unknown parameter', { temprature: 1 }, 'temprature'],
  ['a temperature above 2', { temperature: 2.1 }, 'temperature'],
  ['a negative top_p', { top_p: -0.1 }, 'top_p'],
  ['zero tokens', { max_tokens: 0 }, 'max_tokens'],
  ['five stop texts', { stop: ['1', '2', '3', '4', '5'] }, 'stop'],
  ['an empty stop text', { stop: '' }, 'stop'],
  ['a fractional seed', { seed: 0.5 }, 'seed'],
  ['no messages', { messages: [] }, 'messages'],
  ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages.0.content'],
  ['a tool’s message', { messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
])('%s: refused by name', async (_, change, param) => {
  const response = await post({ ...ask, ...change })
  const { error } = (await response.json()) as { error: { type: string; param: string; message: string } }

  expect(response.status).toBe(400)
  expect(error.type).toBe('invalid_request_error')
  expect(error.param).toBe(param)
  expect(inference.requests.length).toBe(0)
})

test('a body that is no JSON, or far too large, is refused', async () => {
  expect((await post('{')).status).toBe(400)
  expect((await post({ ...ask, user: 'x'.repeat(2 ** 20) })).status).toBe(413)
})

test('a prompt beyond the context is OpenAI’s context_length_exceeded', async () => {
  const messages = [{ role: 'user' as const, content: 'x'.repeat(100) }]
  const failure = openai.chat.completions.create({ ...ask, messages })

  await expect(failure).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' })
})

test.each([
  ['bad_template', 400, 'invalid_request', 'messages'],
  ['bad_token', 400, 'context_length_exceeded', 'messages'],
  ['out_of_memory', 500, 'internal', null],
])('a tokenizer that fails with %s is %i', async (code, status, openaiCode, param) => {
  await gateway.close()
  const refusal = Object.assign(new Error('Roles must alternate.'), { code })
  await start({}, { ...byteTokenizer, encodeChatAsync: () => Promise.reject(refusal) })

  const response = await post(ask)

  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({
    error: { code: openaiCode, param, message: 'Roles must alternate.' },
  })
  expect(inference.requests.length).toBe(0)
})

test('the client is told the vocabulary that answers must keep to', async () => {
  await post(ask)

  expect(inference.requests[0]!.vocabSize).toBe(byteTokenizer.vocabSize)
})

test('an unknown model is 404 and names those that exist', async () => {
  const failure = openai.chat.completions.create({ ...ask, model: 'gpt-4o' })

  await expect(failure).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  await expect(failure).rejects.toThrow(/aria-1/)
})

describe('a failure before the first token is an HTTP status', () => {
  test.each<[ErrorCode, number, string]>([
    ['client_unfunded', 402, 'client_unfunded'],
    ['price_too_high', 402, 'price_too_high'],
    ['busy', 429, 'rate_limit_exceeded'],
    ['no_provider', 503, 'no_provider'],
    ['chain_unreachable', 503, 'chain_unreachable'],
    ['provider_failed', 502, 'provider_failed'],
    ['bad_receipt', 502, 'bad_receipt'],
    ['provider_timeout', 504, 'provider_timeout'],
    ['internal', 500, 'internal'],
  ])('%s is %i', async (code, status, openaiCode) => {
    inference.failWith = new AriaError(code, 'It failed.', {
      facts: { retryAfterMs: 1500 },
      hint: 'Do this.',
    })

    for (const stream of [false, true]) {
      const response = await post({ ...ask, stream })
      const { error } = (await response.json()) as { error: { message: string; code: string } }
      expect(response.status).toBe(status)
      expect(error).toMatchObject({ message: 'It failed. Do this.', code: openaiCode })
      if (status === 429) expect(response.headers.get('retry-after')).toBe('2')
    }
  })
})

test('a failure after the first token is an error event, and the stream is not declared complete', async () => {
  inference.before = at => {
    if (at === 2) throw new AriaError('provider_failed', 'It died.')
  }
  const response = await post({ ...ask, stream: true })
  const text = await response.text()

  expect(response.status).toBe(200)
  expect(text).toContain('"code":"provider_failed"')
  expect(text).not.toContain('[DONE]')
  await expect(async () => {
    for await (const _ of await openai.chat.completions.create({ ...ask, stream: true })) void _
  }).rejects.toThrow(/It died/)
})

test('a caller that leaves cancels its job', async () => {
  const cancelled = Promise.withResolvers<void>()
  inference.before = async (at, { signal }) => {
    if (at < 2) return
    signal!.addEventListener('abort', () => cancelled.resolve())
    await cancelled.promise
  }
  const leave = new AbortController()
  const stream = await openai.chat.completions.create({ ...ask, stream: true }, { signal: leave.signal })
  await stream[Symbol.asyncIterator]().next()

  leave.abort()

  await cancelled.promise
})

test('a caller that leaves a request without streaming cancels its job', async () => {
  const waiting = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  inference.before = async (_, { signal }) => {
    signal!.addEventListener('abort', () => cancelled.resolve())
    waiting.resolve()
    await cancelled.promise
  }
  const leave = new AbortController()
  const answer = openai.chat.completions.create(ask, { signal: leave.signal })
  await waiting.promise

  leave.abort()

  await expect(answer).rejects.toThrow(/abort/i)
  await cancelled.promise
})

test('more requests than run and wait are told to come back', async () => {
  await gateway.close()
  await start({ concurrentMax: 1, waitingMax: 1 })
  const gate = Promise.withResolvers<void>()
  inference.before = () => gate.promise

  const first = post(ask)
  const second = post(ask)
  while (true) {
    const status = await (await fetch(`${gateway.url}/aria/status`)).json()
    if ((status as { waiting: number }).waiting === 1) break
  }
  const third = await post(ask)
  gate.resolve()

  expect(third.status).toBe(429)
  expect((await first).status).toBe(200)
  expect((await second).status).toBe(200)
})

test('models are listed and found by name and by id', async () => {
  const { data } = await openai.models.list()

  expect(data.map(({ id }) => id)).toEqual(['aria-1'])
  expect((await openai.models.retrieve('aria-1')).owned_by).toBe('aria')
  expect((await fetch(`${gateway.url}/v1/models/${MODEL_ID}`)).status).toBe(200)
  await expect(openai.models.retrieve('x')).rejects.toMatchObject({ status: 404 })
})

test('an unknown receipt and an unknown path are 404 in OpenAI’s shape', async () => {
  for (const path of [`/aria/receipts/0x${'00'.repeat(32)}`, '/v1/embeddings']) {
    const response = await fetch(gateway.url + path)
    expect(response.status).toBe(404)
    expect(await response.json()).toHaveProperty('error.message')
  }
})

test('pages of other origins and rebound host names spend nothing', async () => {
  expect((await post(ask, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await post(ask, { origin: 'http://localhost:4600' })).status).toBe(200)
  const { port } = new URL(gateway.url)
  const { request } = await import('node:http')
  const rebound = await new Promise<number | undefined>(resolve => {
    const options = { port, host: '127.0.0.1', path: '/aria/status', headers: { host: 'evil.example' } }
    request(options, response => resolve(response.resume().statusCode)).end()
  })
  expect(rebound).toBe(403)
})

test('a public address without a key is refused, with a key it is asked for', async () => {
  const models = [{ name: 'aria-1', modelId: MODEL_ID, contextLength: 100, tokenizer: byteTokenizer }]
  const open = startGateway({ port: 0, hostname: '0.0.0.0' }, { inference, models })
  await expect(open).rejects.toMatchObject({ code: 'bad_config' })

  await gateway.close()
  await start({ apiKey: 'secret' })
  expect((await post(ask)).status).toBe(401)
  expect((await post(ask, { authorization: 'Bearer secret' })).status).toBe(200)
})

test('a taken port is one clear sentence', async () => {
  const port = Number(new URL(gateway.url).port)

  const second = startGateway({ port }, { inference, models: [] })

  await expect(second).rejects.toMatchObject({
    code: 'bad_config',
    hint: expect.stringContaining('ARIA_PORT'),
  })
})
