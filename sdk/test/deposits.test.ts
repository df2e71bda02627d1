import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openStore } from '../client/index.ts'
import { collect, FUNDS, failureOf, type Market, type MarketInit, market, request } from './helpers/market.ts'
import { PRICES } from './helpers/scripted-provider.ts'

const running: Market[] = []
const directory = mkdtempSync(join(tmpdir(), 'aria-client-'))

async function open(init?: MarketInit): Promise<Market> {
  const opened = await market(init)
  running.push(opened)
  return opened
}

afterEach(async () => {
  for (const opened of running.splice(0)) await opened.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** What 4 prompt tokens and 32 output tokens cost at most. */
const COST_MAX = 4n * PRICES.pricePerInputToken + 32n * PRICES.pricePerOutputToken

test('one deposit pays many requests, and is within its limits', async () => {
  const depositMax = COST_MAX * 20n
  const { client, chain, payer } = await open({ depositMin: 1n, depositMax })

  for (let round = 0; round < 5; round++) await collect(client.infer(request()))

  expect(chain.deposits.map(({ amount }) => amount)).toEqual([COST_MAX * 16n])
  expect(chain.tokens.get(payer)).toBe(FUNDS - COST_MAX * 16n)
})

test('a channel is topped up before it runs dry', async () => {
  const output = Array.from({ length: 32 }, (_, at) => at)
  const limits = { depositMin: 1n, depositMax: COST_MAX * 3n }
  const { client, chain, store } = await open({ scripts: [{ output }], ...limits })

  for (let round = 0; round < 8; round++) await collect(client.infer(request()))

  expect(store.channels.all().length).toBe(1)
  expect(chain.deposits.length).toBeGreaterThan(2)
  for (const { amount } of chain.deposits) expect(amount).toBeLessThanOrEqual(COST_MAX * 3n)
})

test('a channel is opened with the least that its provider serves, and a small one is filled up to it', async () => {
  const depositMin = COST_MAX * 20n
  const limits = { depositMin: 1n, depositMax: COST_MAX * 30n }
  const { client, chain, providers } = await open({ terms: { depositMin }, ...limits })

  await collect(client.infer(request()))
  expect(chain.deposits.map(({ amount }) => amount)).toEqual([depositMin])

  providers[0]!.offer.offer.depositMin = depositMin + 5n
  await collect(client.infer(request()))
  const [channel] = [...chain.channels.values()]
  expect(channel!.balance).toBeGreaterThanOrEqual(depositMin + 5n)
})

test('a provider whose least deposit is beyond the limit is left out, and one at the limit is not', async () => {
  const limits = { depositMin: 1n, depositMax: COST_MAX * 30n }
  const { client, chain, providers } = await open({ terms: { depositMin: COST_MAX * 30n + 1n }, ...limits })

  const error = await failureOf(client.infer(request()))
  expect(error).toMatchObject({ code: 'no_provider', hint: expect.stringContaining('serves channels of') })
  expect(chain.deposits).toEqual([])

  providers[0]!.offer.offer.depositMin = COST_MAX * 30n
  await collect(client.infer(request()))
  expect(chain.deposits.map(({ amount }) => amount)).toEqual([COST_MAX * 30n])
})

test('a least deposit that the wallet cannot pay is that provider’s affair, and another one answers', async () => {
  const funds = COST_MAX * 40n
  const opened = await open({ scripts: [{}, {}], depositMin: 1n, funds, random: () => 0 })
  const [dear, other] = opened.providers
  dear!.offer.offer.depositMin = funds + 1n
  // Drawn first: the other one is slow.
  opened.store.providers.put({
    ...{ node: other!.node, operator: other!.operator, served: 1, failed: 0, strikes: 0 },
    ...{ firstTokenMs: 9_000, tokensPerSecond: 1, avoidUntilMs: 0, avoidReason: '' },
  })
  opened.store.providers.put({
    ...{ node: dear!.node, operator: dear!.operator, served: 1, failed: 0, strikes: 0 },
    ...{ firstTokenMs: 1, tokensPerSecond: 100, avoidUntilMs: 0, avoidReason: '' },
  })

  const [accepted] = await collect(opened.client.infer(request()))

  expect(accepted).toMatchObject({ type: 'accepted', attempt: 2, order: { offer: { node: other!.node } } })
  expect(opened.store.providers.get(dear!.node)!.avoidReason).toMatch(/^deposit_too_small/)
})

test('a request beyond the deposit limit is refused before any money moves', async () => {
  const { client, chain } = await open({ depositMin: 1n, depositMax: COST_MAX - 1n })

  const error = await failureOf(client.infer(request()))

  expect(error.code).toBe('price_too_high')
  expect(chain.deposits).toEqual([])
})

test('a request dearer than a fraud would cost its provider is refused, however large the deposit may be', async () => {
  const terms = { pricePerOutputToken: 10n ** 17n }
  const { client, chain } = await open({ terms, depositMax: 10n ** 24n })

  const error = await failureOf(client.infer(request()))

  expect(error.code).toBe('price_too_high')
  expect(error.message).toContain('3.2')
  expect(chain.deposits).toEqual([])
})

test('a deposit whose outcome is unknown is never made twice', async () => {
  const { client, chain, store } = await open({ offersWaitMs: 0 })
  chain.mode = 'mute'
  const stop = new AbortController()
  const first = failureOf(client.infer(request({ signal: stop.signal })))
  while (store.transactions.pending().length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  const [pending] = store.transactions.pending()
  expect(client.moneyAtRest()).toEqual([])

  // The node took it and the RPC dies before it is mined; then everything comes back.
  chain.mode = 'down'
  expect((await first).code).toBe('chain_unreachable')
  chain.mode = 'up'
  await collect(client.infer(request()))

  expect(chain.deposits.length).toBe(1)
  expect(store.transactions.pending()).toEqual([])
  expect(pending!.purpose).toBe('deposit')
})

test('a deposit that was mined while the client was away is found, not repeated', async () => {
  const { client, chain, store } = await open()
  chain.mode = 'mute'
  const first = failureOf(client.infer(request()))
  while (store.transactions.pending().length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  chain.mode = 'down'
  await first
  await chain.mine()
  chain.mode = 'up'

  await collect(client.infer(request()))

  expect(chain.deposits.length).toBe(1)
})

test('a deposit that a chain reorganisation took back is made again, and pays', async () => {
  const { client, chain } = await open()
  chain.reorganisations = 2

  await collect(client.infer(request()))

  expect(chain.deposits.length).toBe(1)
})

test('a chain that takes back every deposit gives a typed error and no voucher', async () => {
  const { client, chain, store } = await open()
  chain.reorganisations = 3

  expect((await failureOf(client.infer(request()))).code).toBe('chain_unreachable')
  expect(chain.deposits).toEqual([])
  expect(store.channels.all().every(({ signed }) => signed === null)).toBe(true)
})

test('channels, signed totals and debts survive a restart', async () => {
  const storePath = join(directory, 'restart', 'client.sqlite')
  const first = await open({ storePath })
  await collect(first.client.infer(request()))
  const before = first.store.channels.all()
  await first.stop()
  running.pop()

  const again = openStore(storePath)
  expect(again.channels.all()).toEqual(before)
  expect(again.receipts.totals().requests).toBe(1)
  again.close()
})

test('two processes never sign from the same books', () => {
  const path = join(directory, 'locked', 'client.sqlite')
  const store = openStore(path)

  expect(() => openStore(path)).toThrow(expect.objectContaining({ code: 'storage_locked' }))

  store.close()
  openStore(path).close()
})

test('signed totals only grow, and request numbers never repeat', async () => {
  const { client, store } = await open()
  await collect(client.infer(request()))
  const [channel] = store.channels.all()

  expect(() => store.channels.raiseSigned(channel!.id, channel!.signed!)).toThrow(
    expect.objectContaining({ code: 'internal' }),
  )
  const numbers = [5_000, 4_000, 4_000].map(now => store.channels.takeNonce(channel!.id, now))
  expect(new Set(numbers).size).toBe(3)
  expect(numbers[1]).toBe(numbers[0]! + 1n)
})

test('after a broken request the provider may claim what was signed, and no wei more', async () => {
  const { client, providers, store } = await open({ scripts: [{ closeAfter: 'accept' }] })
  const [provider] = providers
  await failureOf(client.infer(request()))
  const [broken] = store.channels.all()
  expect(broken!.settled).toBe(false)
  store.providers.put({ ...store.providers.get(provider!.node)!, avoidUntilMs: 0 })

  provider!.script = { due: () => broken!.signed!.total + 1n }
  expect((await failureOf(client.infer(request()))).code).toBe('bad_quote')
  store.providers.put({ ...store.providers.get(provider!.node)!, avoidUntilMs: 0 })
  provider!.script = { due: () => broken!.signed!.total }
  const [accepted] = await collect(client.infer(request()))

  expect(accepted?.type === 'accepted' && accepted.order.terms.base).toBe(broken!.signed!.total)
  expect(store.channels.all()[0]!.settled).toBe(true)
})

test('after a receipt the provider’s claim must equal it', async () => {
  const { client, providers } = await open()
  await collect(client.infer(request()))
  const [channel, due] = [...providers[0]!.due][0]!

  providers[0]!.script = { due: id => (id === channel ? due + 1n : 0n) }

  expect((await failureOf(client.infer(request()))).code).toBe('bad_quote')
})

test('a client that lost its books adopts only what it signed itself', async () => {
  const { client, providers, store } = await open()
  await collect(client.infer(request()))
  const [channel] = store.channels.all()
  const [provider] = providers
  const honest = provider!.best.get(channel!.id)!
  // A restored backup: the channel is known, the last voucher is not.
  store.channels.book(channel!.id, { due: 0n, settled: true }, 0)

  const forged = { total: honest.total * 10n, signature: honest.signature }
  provider!.best.set(channel!.id, forged)
  expect((await failureOf(client.infer(request()))).code).toBe('bad_quote')
})

test('money at rest names every locked wei, its reason and what frees it', async () => {
  const { client, chain } = await open()
  await collect(client.infer(request()))

  const [rest] = client.moneyAtRest()

  expect(rest!.locked).toBe(chain.deposits[0]!.amount)
  expect(rest!.owed + rest!.ahead + rest!.free).toBe(rest!.locked)
  expect(rest!.reason).toBe('open for further requests')
  expect(rest!.command).toBe('aria gateway close')
})
