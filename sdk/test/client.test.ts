import { afterEach, expect, test } from 'vitest'
import { encodeJobMessage, FINISH } from '../protocol/index.ts'
import {
  collect,
  failureOf,
  type Market,
  type MarketInit,
  market,
  outputOf,
  request,
} from './helpers/market.ts'
import { PRICES, type Script } from './helpers/scripted-provider.ts'

let running: Market | undefined

async function open(init?: MarketInit): Promise<Market> {
  running = await market(init)
  return running
}

afterEach(async () => {
  await running?.stop()
  running = undefined
})

const count = (length: number, from = 100) => Array.from({ length }, (_, at) => at + from)

test('a paid answer arrives with checkpoints and a checked receipt', async () => {
  const output = count(32)
  const { client, providers } = await open({ scripts: [{ output }] })

  const events = await collect(client.infer(request()))

  expect(events[0]?.type).toBe('accepted')
  expect(outputOf(events)).toEqual(output)
  const proven = events.flatMap(event => (event.type === 'checkpoint' ? [event.outputTokens] : []))
  // Every half window; and where the first voucher ends, if the second one has not arrived by then.
  expect(proven).toEqual(expect.arrayContaining([8, 16, 24, 32]))
  expect(proven.at(-1)).toBe(32)
  const last = events.at(-1)
  if (last?.type !== 'receipt') throw new Error('no receipt')
  expect(last.delivery.cost).toBe(4n * PRICES.pricePerInputToken + 32n * PRICES.pricePerOutputToken)
  const { channel, request: signed } = last.delivery.order
  expect(providers[0]!.best.get(channel)!.total).toBe(last.delivery.receipt.cumulativeDue)
  expect(client.receipt(signed.requestId)!.output).toEqual(Uint32Array.from(output))
})

test('the window paid ahead of a short answer is credit for the next request', async () => {
  const { client, providers, chain } = await open({ scripts: [{ output: count(3) }] })

  await collect(client.infer(request()))
  const [best] = providers[0]!.best.values()
  const events = await collect(client.infer(request()))

  const last = events.at(-1)
  if (last?.type !== 'receipt') throw new Error('no receipt')
  const each = 4n * PRICES.pricePerInputToken + 3n * PRICES.pricePerOutputToken
  expect(last.delivery.order.terms.base).toBe(each)
  expect(last.delivery.receipt.cumulativeDue).toBe(2n * each)
  expect(best!.total).toBeGreaterThan(each)
  expect(chain.deposits.length).toBe(1)
})

test('a stranger is trusted with a quarter window, a known provider with a whole one', async () => {
  const { client } = await open({ scripts: [{ output: count(3) }] })

  const first = await collect(client.infer(request()))
  const second = await collect(client.infer(request()))

  const windows = [first, second].map(
    ([event]) => event?.type === 'accepted' && event.order.terms.windowTokens,
  )
  expect(windows).toEqual([16, 64])
})

test('parallel requests use separate channels, sequential ones share one', async () => {
  const { client, store } = await open({ scripts: [{ output: count(8), pauseMs: 20 }] })

  await Promise.all([1, 2, 3].map(() => collect(client.infer(request()))))
  expect(store.channels.all().length).toBe(3)

  await collect(client.infer(request()))
  expect(store.channels.all().length).toBe(3)
})

test('an answer continues after the tokens of an earlier attempt', async () => {
  const { client } = await open({ scripts: [{ output: count(4) }] })

  const tokensSoFar = Uint32Array.from([1, 2])
  const [accepted] = await collect(client.infer(request({ tokensSoFar })))

  if (accepted?.type !== 'accepted') throw new Error('not accepted')
  expect([...accepted.order.prompt]).toEqual([10, 11, 12, 13, 1, 2])
})

test('cancelling stops the provider and still brings a receipt', async () => {
  const { client, providers } = await open({ scripts: [{ output: count(200), pauseMs: 5 }] })
  const stop = new AbortController()
  const events: string[] = []

  for await (const event of client.infer(request({ maxOutputTokens: 200, signal: stop.signal }))) {
    events.push(event.type)
    if (event.type === 'tokens') stop.abort()
    if (event.type === 'receipt') expect(event.delivery.receipt.finish).toBe(FINISH.cancelled)
  }

  expect(events.at(-1)).toBe('receipt')
  expect(providers[0]!.cancels).toBe(1)
})

test('leaving the loop cancels the job', async () => {
  const { client, providers, store } = await open({ scripts: [{ output: count(200), pauseMs: 5 }] })

  for await (const event of client.infer(request({ maxOutputTokens: 200 })))
    if (event.type === 'tokens') break

  expect(providers[0]!.cancels).toBe(1)
  expect(store.channels.all()[0]!.settled).toBe(true)
})

test('a request that was cancelled beforehand touches nobody', async () => {
  const { client, providers } = await open()

  const error = await failureOf(client.infer(request({ signal: AbortSignal.abort() })))

  expect(error.code).toBe('cancelled')
  expect(providers[0]!.requests).toBe(0)
})

test('another provider answers when the first fails before its first token', async () => {
  const scripts = [{ hangAfter: 'accept' as const }, { output: count(5) }]
  const { client, providers } = await open({ scripts, random: () => 0 })

  const events = await collect(client.infer(request()))

  const accepted = events.filter(event => event.type === 'accepted')
  expect(accepted.map(event => event.choice.node)).toEqual(providers.map(({ node }) => node))
  expect(outputOf(events)).toEqual(count(5))
})

test('a failed provider is avoided by the next request, and the choice says why', async () => {
  const { client, providers } = await open({ scripts: [{ closeAfter: 'quote' }, {}], random: () => 0 })

  await collect(client.infer(request()))
  const [next] = await collect(client.infer(request()))

  if (next?.type !== 'accepted') throw new Error('not accepted')
  expect(next.choice.node).toBe(providers[1]!.node)
  expect(next.choice.excluded[0]!.reason).toMatch(/^avoided after provider_failed/)
})

test('an unregistered, a poor and a jailed provider are never paid', async () => {
  for (const spoil of [
    (chain: Market['chain']) => chain.operators.clear(),
    (chain: Market['chain']) => {
      chain.stake = 999n
    },
    (chain: Market['chain']) => {
      chain.jailedUntil = 2 ** 40 - 1
    },
  ]) {
    const { client, providers, chain } = await open()
    spoil(chain)

    const error = await failureOf(client.infer(request()))

    expect(error.code).toBe('no_provider')
    expect(providers[0]!.requests).toBe(0)
    await running?.stop()
    running = undefined
  }
})

test.each([
  [89, 1],
  [90, 2],
])('an operator whose audits scored %i is one of %i that may answer', async (score, candidates) => {
  const { client, chain, providers } = await open({ scripts: [{}, {}] })
  chain.scores.set(providers[0]!.operator, score)

  const [accepted] = await collect(client.infer(request()))

  if (accepted?.type !== 'accepted') throw new Error('not accepted')
  expect(accepted.choice.candidates).toBe(candidates)
  const reasons = accepted.choice.excluded.map(({ reason }) => reason)
  expect(reasons).toEqual(candidates === 1 ? [expect.stringMatching(/scored 89 of 100/)] : [])
  expect(accepted.choice.explanation).toHaveLength(candidates)
})

test('a price limit is respected before anybody is asked', async () => {
  const { client } = await open()

  const error = await failureOf(client.infer(request({ priceMax: { input: 1n, output: 1n } })))

  expect(error.code).toBe('no_provider')
  expect(error.hint).toMatch(/dearer than the price limit/)
})

test('a choice says what each constraint of the request did', async () => {
  const { client, providers } = await open({ scripts: [{}, {}, {}] })
  const [dear, near] = providers
  dear!.offer.offer.pricePerOutputToken *= 10n
  Object.assign(near!.offer.offer, { region: 'DE-BE', energySource: 2, energyPerToken: 12_000 })
  const priceMax = { input: 1_000n, output: 4_000n }

  const wanted = request({ priceMax, region: 'DE', energy: 'least' })
  const [accepted] = await collect(client.infer(wanted))

  if (accepted?.type !== 'accepted') throw new Error('not accepted')
  expect(accepted.choice.node).toBe(near!.node)
  expect(accepted.choice.constraints).toEqual([
    { name: 'model', asked: wanted.modelId, effect: '3 of 3 offers', isClaim: false },
    { name: 'price', asked: '0.000000001 in, 0.000000004 out', effect: '1 of 3 are dearer', isClaim: false },
    { name: 'region', asked: 'DE', effect: '1 of 2 equally fast claim it', isClaim: true },
    {
      ...{ name: 'energy', asked: 'least', isClaim: true },
      effect: '1 of 1 equally fast claim about the least, 0.012 CPU-s/token by cpu-time',
    },
  ])
})

test('a hint that means nothing is refused before anybody is asked', async () => {
  const { client, providers } = await open()

  expect((await failureOf(client.infer(request({ region: 'UK' })))).code).toBe('bad_request')
  expect(providers[0]!.requests).toBe(0)
})

test('a prompt that fits no context is the caller’s error', async () => {
  const { client } = await open()

  const error = await failureOf(client.infer(request({ promptTokens: new Uint32Array(1024) })))

  expect(error.code).toBe('prompt_too_long')
})

test('an unfunded wallet is told how much to send where', async () => {
  const { client, payer } = await open({ funds: 5n })

  const error = await failureOf(client.infer(request()))

  expect(error.code).toBe('client_unfunded')
  expect(error.hint).toContain(payer)
})

test('a dead RPC is a typed error and costs nothing', async () => {
  const { client, chain, providers } = await open()
  chain.mode = 'down'

  const error = await failureOf(client.infer(request()))

  expect(error.code).toBe('chain_unreachable')
  expect(providers[0]!.best.size).toBe(0)
})

test('a busy provider is waited for, and its answer still comes', async () => {
  let refusals = 2
  const tamper: Script['tamper'] = message => {
    if (message.type !== 'quote' || refusals-- <= 0) return message
    return encodeJobMessage({
      type: 'reject',
      body: { code: 'busy', message: 'No place.', retryAfterMs: 50 },
    })
  }
  const { client } = await open({ scripts: [{ output: count(3), tamper }] })

  expect(outputOf(await collect(client.infer(request())))).toEqual(count(3))
})

test('when everyone stays busy the caller learns when to come back', async () => {
  const tamper: Script['tamper'] = message =>
    message.type === 'quote'
      ? encodeJobMessage({ type: 'reject', body: { code: 'busy', message: 'No place.', retryAfterMs: 200 } })
      : message
  const { client } = await open({ scripts: [{ tamper }, { tamper }], busyWaitMs: 100 })

  const error = await failureOf(client.infer(request()))

  expect(error.code).toBe('busy')
  expect(error.facts['retryAfterMs']).toBeGreaterThan(0)
})

test('closing the client cancels what runs and waits for its receipt', async () => {
  const { client, store, providers } = await open({ scripts: [{ output: count(200), pauseMs: 5 }] })
  const events = client.infer(request({ maxOutputTokens: 200 }))
  await events.next()

  await client.close()

  expect(providers[0]!.cancels).toBe(1)
  expect(store.channels.all()[0]!.settled).toBe(true)
})
