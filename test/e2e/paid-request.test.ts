import type { NetworkView, Page, RequestView } from '@aria/indexer/api'
import OpenAI, { APIError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLedger } from '../demo/ledger.ts'
import { eventually, type TestMarket, testMarket } from '../support/market.ts'

const STORY = [{ role: 'user' as const, content: 'Tell me a story about a fox and a lantern.' }]

describe('a paid request through the official OpenAI client', () => {
  let market: TestMarket
  let api: OpenAI
  let model: string

  beforeAll(async () => {
    market = await testMarket()
    api = new OpenAI({ baseURL: market.apiUrl, apiKey: 'unused', maxRetries: 0 })
    model = (await api.models.list()).data[0]!.id
  })
  afterAll(async () => {
    await market?.dispose()
  })

  test('streams text token by token and ends with exact usage and a receipt', async () => {
    const stream = await api.chat.completions.create({
      model,
      messages: STORY,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      max_tokens: 40,
      seed: 1,
    })
    const pieces: string[] = []
    let usage: OpenAI.CompletionUsage | null | undefined
    let aria: Record<string, string> | undefined
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta.content ?? '')
      usage = chunk.usage ?? usage
      aria = (chunk as { aria?: Record<string, string> }).aria ?? aria
    }

    expect(pieces.filter(piece => piece !== '').length).toBeGreaterThan(5)
    expect(usage!.completion_tokens).toBeGreaterThan(5)
    expect(usage!.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens)
    expect(BigInt(aria!['cost']!)).toBeGreaterThan(0n)
    expect(aria!['receiptHash']).toMatch(/^0x[0-9a-f]{64}$/)
  })

  test('the same seed gives the same answer, whichever provider serves it', async () => {
    const ask = () =>
      api.chat.completions.create({ model, messages: STORY, temperature: 0.7, max_tokens: 32, seed: 42 })

    const answers = await Promise.all([ask(), ask(), ask(), ask(), ask(), ask()])

    expect(new Set(answers.map(({ choices }) => choices[0]!.message.content)).size).toBe(1)
  })

  test('its voucher is redeemed on chain, and no wei is lost', async () => {
    const ledger = await eventually(
      () => readLedger(market.rpcUrl, market.deployment),
      ({ redemptions }) => redemptions.length > 0,
    )

    expect(ledger.income).toBeGreaterThan(0n)
    expect(ledger.difference).toBe(0n)
    expect(ledger.custody).toBe(0n)
  })

  test('appears in the indexer as a request, priced to the wei', async () => {
    const get = async <T>(path: string) => (await (await fetch(`${market.dashboardUrl}${path}`)).json()) as T
    const page = await eventually(
      () => get<Page<RequestView>>('/api/requests?limit=50'),
      ({ items }) => items.length >= 7,
    )
    const network = await eventually(
      () => get<NetworkView>('/api/network'),
      ({ moneyAtRest: m }) =>
        BigInt(m.escrowBalance) > 0n &&
        BigInt(m.channels) + BigInt(m.owedToProviders) + BigInt(m.unburnedFees) + BigInt(m.refunds) ===
          BigInt(m.escrowBalance),
    )

    expect(page.items.every(({ cost, outputTokens }) => BigInt(cost) > 0n && outputTokens > 0)).toBe(true)
    expect(network.totals.providersOnline).toBe(3)
  })

  test.each([
    ['an unknown model', { model: 'no-such-model', messages: STORY }, 404, 'model_not_found'],
    ['no messages', { model: 'aria-1', messages: [] }, 400, null],
    [
      'a prompt longer than the context',
      { model: 'aria-1', messages: [{ role: 'user' as const, content: 'word '.repeat(4_000) }] },
      400,
      'context_length_exceeded',
    ],
    ['a temperature out of range', { model: 'aria-1', messages: STORY, temperature: 9 }, 400, null],
  ])('%s is refused in the shape of the OpenAI API', async (_, body, status, code) => {
    const failure = await api.chat.completions.create(body).catch((error: unknown) => error)

    expect(failure).toBeInstanceOf(APIError)
    expect((failure as APIError).status).toBe(status)
    if (code !== null) expect((failure as APIError).code).toBe(code)
  })

  test('a provider that dies is replaced by another for the next request', async () => {
    const [first] = market.children.filter(({ name }) => name === 'amber')
    await first!.stop()

    const answer = await api.chat.completions.create({
      model,
      messages: STORY,
      max_tokens: 8,
      temperature: 0,
    })

    expect(answer.usage!.completion_tokens).toBeGreaterThan(0)
  })
})
