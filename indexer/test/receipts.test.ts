import type { KnownOffer } from '@aria/sdk/p2p'
import { channelId, type Hex, keySigner, type ReceiptsReply } from '@aria/sdk/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenDatabase, openDb } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { type Feed, storeReceipts } from '../network/store-receipts.ts'
import { type Job, type JobInit, makeJob } from './support/jobs.ts'
import { keyOf } from './support/market.ts'
import { chronicle, deployment, GENESIS, hash, person } from './support/seed.ts'

const [nodeKey, clientKey, strangerKey] = [keyOf(1), keyOf(2), keyOf(3)]
const provider = person(1)
const client = keySigner(clientKey).address
const parts = { payer: client, signer: client, salt: 5n }
const NOW = GENESIS + 500
const START: Feed = { cursor: 0n, refused: 0, failure: null }

let open: OpenDatabase

beforeAll(async () => {
  open = await openDb('pglite://')
  const blockNumber = await chronicle(open.db)(GENESIS)
  await open.db.insert(s.stakingRegistered).values({
    ...{ blockNumber, logIndex: 0, operator: provider, kind: 1 },
    ...{ node: keySigner(nodeKey).address, payout: provider },
  })
  await open.db.insert(s.escrowDeposited).values({
    ...{ blockNumber, logIndex: 1, id: channelId(parts, provider), ...parts, payee: provider },
    amount: 100n,
  })
})

afterAll(() => open?.close())

beforeEach(async () => {
  await open.db.delete(s.receipts)
  await open.db.delete(s.receiptFeeds)
})

function job(nonce: bigint, changes: Partial<JobInit> = {}): Promise<Job> {
  const text = { prompt: Uint32Array.of(1, 2, 3), output: Uint32Array.of(4, 5) }
  const sides = { deployment, modelId: hash(7), parts, payee: provider, clientKey, nodeKey }
  return makeJob({ ...sides, ...text, nonce, seed: 1n, endedAt: NOW - 10, ...changes })
}

const offer = {
  node: keySigner(nodeKey).address,
  offer: { operator: provider, payee: provider, engineMajor: 1 },
} as KnownOffer

function page(...jobs: Job[]): ReceiptsReply['items'] {
  return jobs.map((each, at) => ({ cursor: BigInt(at + 1), item: each.item }))
}

const store = (items: ReceiptsReply['items'], now = NOW) =>
  storeReceipts({ db: open.db, deployment, now }, offer, START, items)
const stored = async (): Promise<Hex[]> =>
  (await open.db.select().from(s.receipts)).map(row => row.receiptHash)

describe('a page of public receipts', () => {
  test('is stored whole when every receipt holds, with the place to go on from', async () => {
    const jobs = [await job(1n), await job(2n)]

    const { added, feed } = await store(page(...jobs))

    expect(added).toBe(2)
    expect(feed).toEqual({ cursor: 2n, refused: 0, failure: null })
    expect(new Set(await stored())).toEqual(new Set(jobs.map(each => each.hash)))
  })

  test('that was read before adds nothing', async () => {
    const items = page(await job(1n))
    await store(items)

    expect((await store(items)).added).toBe(0)
  })

  test.each<[string, Partial<JobInit>, string]>([
    ['signed by a stranger', { nodeKey: strangerKey }, 'no node key of this provider'],
    ['never ordered by the channel’s signer', { clientKey: strangerKey }, 'was signed by'],
    ['with more output than was ordered', { maxOutputTokens: 1 }, 'more output than was ordered'],
    ['that costs less than nothing', { request: { base: 10n ** 18n } }, 'less than nothing'],
    ['that ends in the future', { endedAt: NOW + 61 }, 'in the future'],
    ['from before the provider registered', { endedAt: GENESIS - 1 }, 'no node key of this provider'],
  ])('keeps no receipt %s, and says so', async (_title, changes, reason) => {
    const honest = await job(1n)

    const { added, feed } = await store(page(await job(2n, changes), honest))

    expect(added).toBe(1)
    expect(await stored()).toEqual([honest.hash])
    expect(feed).toMatchObject({ cursor: 2n, refused: 1, failure: expect.stringContaining(reason) })
  })

  test('counts one request once, however often it is signed', async () => {
    const first = await job(1n)
    const second = await job(1n, { output: Uint32Array.of(6, 7, 8) })

    await store(page(first, second))

    expect(await stored()).toEqual([first.hash])
  })

  test('waits for a channel that is not indexed yet, and refuses one that never comes', async () => {
    const unknown = await job(2n, { parts: { ...parts, salt: 6n } })

    const early = await store(page(await job(1n), unknown))
    const late = await store(page(await job(1n), unknown), NOW + 120)

    expect(early.feed).toMatchObject({ cursor: 1n, refused: 0 })
    expect(late.feed).toMatchObject({
      cursor: 2n,
      refused: 1,
      failure: expect.stringContaining('not on chain'),
    })
  })

  test('of a private channel is refused', async () => {
    const salt = 1n << 95n
    const id = channelId({ ...parts, salt }, provider)
    const [block] = await open.db.select().from(s.blocks)
    const channel = { id, ...parts, salt, payee: provider, amount: 1n }
    await open.db.insert(s.escrowDeposited).values({ blockNumber: block!.number, logIndex: 9, ...channel })

    const { feed } = await store(page(await job(1n, { parts: { ...parts, salt } })))

    expect(feed).toMatchObject({ refused: 1, failure: expect.stringContaining('private channel') })
  })
})
