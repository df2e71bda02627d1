import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../api/app.ts'
import type {
  AuditView,
  EpochPoint,
  ErrorBody,
  NetworkView,
  Page,
  ProviderDetail,
  ProviderSummary,
  RequestView,
} from '../api/types.ts'
import { changes } from '../changes.ts'
import { type OpenDatabase, openDb } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { silent } from './support/follow.ts'
import { aria } from './support/market.ts'
import { postgresBinaries, startPostgres } from './support/postgres.ts'
import { chronicle, deployment, EPOCH, GENESIS, hash, person, receipt } from './support/seed.ts'

const [operator, tamperer, verifier, payer] = [person(1), person(2), person(3), person(4)]
const NOW = GENESIS + 3 * EPOCH + 10

interface Server {
  url: string
  stop(): void
}

const pglite = { name: 'PGlite', start: async (): Promise<Server> => ({ url: 'pglite://', stop: () => {} }) }
const binaries = postgresBinaries()
const postgres = binaries === undefined ? [] : [{ name: 'PostgreSQL', start: () => startPostgres(binaries) }]

describe.each([pglite, ...postgres])('the API over $name', backend => {
  let open: OpenDatabase
  let server: Server
  let app: ReturnType<typeof createApp>
  const notices = changes()

  beforeAll(async () => {
    server = await backend.start()
    open = await openDb(server.url)
    await seed()
    const status = { head: undefined, cursor: undefined, lagBlocks: 0, failure: undefined }
    app = createApp({
      db: open.db,
      deployment,
      ingest: { status, now: () => NOW },
      changes: notices,
      modelName: id => (id === hash(4_000) ? 'aria-1' : null),
      log: silent,
      webRoot: '/nonexistent',
    })
  })

  afterAll(async () => {
    await open?.close()
    server?.stop()
  })

  async function seed(): Promise<void> {
    const { db } = open
    const block = chronicle(db)
    let blockNumber = await block(GENESIS + 1)
    const registered = (at: number, kind: number, logIndex: number) => ({
      blockNumber,
      logIndex,
      operator: person(at),
      kind,
      node: person(100 + at),
      payout: person(200 + at),
    })
    await db
      .insert(s.stakingRegistered)
      .values([registered(1, 1, 0), registered(2, 1, 1), registered(3, 2, 2)])
    await db
      .insert(s.stakingStaked)
      .values({ blockNumber, logIndex: 3, operator, amount: aria(2_000), stake: aria(2_000), fromEpoch: 1 })
    await db.insert(s.stakingUnbonding).values({
      blockNumber,
      logIndex: 4,
      operator,
      amount: aria(500),
      unbonding: aria(500),
      unbondEnd: 5_000,
    })
    const deposited = {
      blockNumber,
      logIndex: 5,
      id: hash(3_000),
      payer,
      payee: operator,
      signer: payer,
      salt: 1n,
    }
    await db.insert(s.escrowDeposited).values({ ...deposited, amount: 10_000n })

    blockNumber = await block(GENESIS + EPOCH + 5)
    await db.insert(s.escrowRedeemed).values({
      blockNumber,
      logIndex: 0,
      id: hash(3_000),
      payee: operator,
      claimed: 4_000n,
      delta: 4_000n,
      fee: 200n,
    })
    await db
      .insert(s.escrowPaidOut)
      .values({ blockNumber, logIndex: 1, payee: operator, to: operator, amount: 800n })
    await db
      .insert(s.escrowClosed)
      .values({ blockNumber, logIndex: 2, id: hash(3_000), payer, refund: 1_000n })
    await db.insert(s.escrowRefunded).values({ blockNumber, logIndex: 3, payer, to: payer, amount: 400n })
    await db
      .insert(s.escrowFeesBurned)
      .values({ blockNumber, logIndex: 4, payee: operator, epoch: 0, amount: 150n, rewardable: 150n })
    await db.insert(s.auditsRootCommitted).values({
      blockNumber,
      logIndex: 5,
      epoch: 0,
      provider: operator,
      root: hash(9),
      tokens: 60n,
      count: 3,
      model: hash(4_000),
    })

    blockNumber = await block(GENESIS + 2 * EPOCH)
    await db
      .insert(s.auditsAuditCommitted)
      .values({ blockNumber, logIndex: 0, epoch: 0, verifier, commitment: hash(8) })
    const scored = { blockNumber, epoch: 0, verifier, capacity: 9, digest: hash(7) }
    await db.insert(s.auditsScored).values([
      { ...scored, logIndex: 1, provider: operator, score: 100 },
      { ...scored, logIndex: 2, provider: tamperer, score: 0 },
    ])
    await db.insert(s.auditsFinalized).values({
      blockNumber,
      logIndex: 3,
      epoch: 0,
      provider: operator,
      score: 100,
      carried: false,
      weight: 1n,
      capacity: 9,
      worked: true,
    })
    const claimed = { blockNumber, epoch: 0, operator, payout: person(201) }
    await db
      .insert(s.rewardsClaimed)
      .values({ ...claimed, logIndex: 4, availability: 5n, work: 3n, verification: 0n })

    await db.insert(s.offers).values({
      node: person(101),
      operator,
      payee: operator,
      modelId: hash(4_000),
      engineMajor: 1,
      pricePerInputToken: 5n,
      pricePerOutputToken: 20n,
      contextMax: 1_024,
      slotsFree: 2,
      sequence: 1n,
      validUntil: NOW + 5,
      multiaddrs: ['/ip4/127.0.0.1/tcp/4631'],
      signature: '0x11',
    })
    const committed = { rootEpoch: 0, root: hash(9) }
    await db
      .insert(s.receipts)
      .values([
        receipt(1, { ...committed, leafIndex: 0 }),
        receipt(2, { ...committed, leafIndex: 1 }),
        receipt(3, { ...committed, leafIndex: 2 }),
        receipt(80, { finish: 1 }),
        receipt(90, { operator: tamperer, node: person(102) }),
      ])
    await db.insert(s.auditorVerdicts).values([
      {
        verifier,
        epoch: 0,
        provider: operator,
        score: 100,
        capacity: 9,
        digest: hash(7),
        sampled: 2,
        passed: 2,
        failed: 0,
        decidedAt: GENESIS + 100,
      },
      {
        verifier,
        epoch: 0,
        provider: tamperer,
        score: 0,
        capacity: 1,
        digest: hash(7),
        sampled: 1,
        passed: 0,
        failed: 1,
        reason: 'Receipt 0x5a: Output token 3 is 5, the model answers 6.',
        decidedAt: GENESIS + 100,
      },
    ])
    await db.insert(s.auditorSamples).values([
      { verifier, receiptHash: hash(1), epoch: 0, provider: operator, passed: true },
      {
        verifier,
        receiptHash: hash(90),
        epoch: 0,
        provider: tamperer,
        passed: false,
        reason: 'Output token 3 is 5, the model answers 6.',
      },
    ])
    await db.insert(s.ingestCursor).values({
      chainId: 31337,
      escrow: deployment.contracts.escrow,
      genesis: GENESIS,
      deploymentHash: hash(0),
      blockNumber,
      blockHash: hash(blockNumber),
      blockTime: GENESIS + 2 * EPOCH,
      escrowBalance: 8_650n,
    })
  }

  async function get<T>(path: string): Promise<T> {
    const response = await app.request(path)
    expect(response.status).toBe(200)
    return (await response.json()) as T
  }

  async function refused(path: string): Promise<{ status: number } & ErrorBody['error']> {
    const response = await app.request(path)
    return { status: response.status, ...((await response.json()) as ErrorBody).error }
  }

  describe('GET /api/network', () => {
    test('the money at rest adds up to the balance of the contract', async () => {
      const { moneyAtRest: rest } = await get<NetworkView>('/api/network')

      expect(rest).toEqual({
        channels: '5000',
        owedToProviders: '3000',
        unburnedFees: '50',
        refunds: '600',
        escrowBalance: '8650',
      })
    })

    test('totals count every public receipt and verdict', async () => {
      const view = await get<NetworkView>('/api/network')

      expect(view.totals).toMatchObject({
        requests: 5,
        inputTokens: 50,
        outputTokens: 100,
        auditsPassed: 1,
        auditsFailed: 1,
      })
      expect(view.totals).toMatchObject({
        providersOnline: 1,
        providersStaked: 1,
        staked: String(aria(1_500)),
      })
      expect(view.totals).toMatchObject({ redeemed: '4000', burned: '150', rewardsClaimed: '8' })
      expect(view.epoch).toEqual({
        number: 3,
        start: GENESIS + 3 * EPOCH,
        end: GENESIS + 4 * EPOCH,
        seconds: EPOCH,
      })
    })
  })

  test('the series has one point per epoch, quiet ones included', async () => {
    const points = await get<EpochPoint[]>('/api/network/series')

    expect(points.map(point => point.epoch)).toEqual([0, 1, 2, 3])
    expect(points[0]).toMatchObject({ requests: 3, outputTokens: 60, rewards: '8', redeemed: '0' })
    expect(points[1]).toMatchObject({ requests: 2, redeemed: '4000', burned: '150' })
    expect(points[3]).toMatchObject({ requests: 0, redeemed: '0' })
  })

  describe('providers', () => {
    test('a list has each provider once, with what it offers and what became of it', async () => {
      const all = await get<ProviderSummary[]>('/api/providers')

      expect(all.map(each => each.operator)).toEqual([operator, tamperer])
      expect(all[0]).toMatchObject({
        online: true,
        modelName: 'aria-1',
        pricePerOutputToken: '20',
        stake: String(aria(1_500)),
        earned: '3800',
        rewards: '8',
        score: 100,
        audit: 'passed',
      })
      expect(all[1]).toMatchObject({ online: false, modelId: null, audit: 'failed', score: null })
    })

    test('one provider shows its epochs, newest first, and its verdicts', async () => {
      const detail = await get<ProviderDetail>(`/api/providers/${operator}`)

      expect(detail).toMatchObject({
        owed: '3000',
        unbonding: String(aria(500)),
        unbondEnd: 5_000,
        payout: person(201),
      })
      expect(detail.epochs.map(each => each.epoch)).toEqual([1, 0])
      expect(detail.epochs[1]).toMatchObject({
        requests: 3,
        root: hash(9),
        score: 100,
        finalized: true,
        claimed: true,
        reward: '8',
      })
      expect(detail.audits).toHaveLength(1)
      expect(detail.refusedReceipts).toEqual({ count: 0, newestReason: null })
    })

    test('an upper-case address finds the same provider', async () => {
      await get(`/api/providers/${operator.toUpperCase().replace('0X', '0x')}`)
    })

    test('an unknown operator is a 404 and no address a 400', async () => {
      expect(await refused(`/api/providers/${person(99)}`)).toMatchObject({ status: 404, code: 'not_found' })
      expect(await refused('/api/providers/bob')).toMatchObject({ status: 400, code: 'bad_request' })
    })
  })

  test('audits join what the chain shows with our own reasons', async () => {
    const views = await get<AuditView[]>(`/api/audits?operator=${tamperer}`)

    expect(views).toHaveLength(1)
    expect(views[0]).toMatchObject({ score: 0, sampled: 1, failed: 1, onChain: 'revealed' })
    expect(views[0]!.reason).toContain('the model answers 6')
  })

  describe('GET /api/requests', () => {
    test('pages are disjoint, newest first, and end', async () => {
      const first = await get<Page<RequestView>>('/api/requests?limit=3')
      const second = await get<Page<RequestView>>(`/api/requests?limit=3&before=${first.next}`)

      const all = [...first.items, ...second.items].map(item => item.receiptHash)
      expect(all).toEqual([90, 80, 3, 2, 1].map(hash))
      expect(second.next).toBeNull()
    })

    test('a state says how far a receipt was proven', async () => {
      const { items } = await get<Page<RequestView>>('/api/requests')

      const stateOf = new Map(items.map(item => [item.receiptHash, item]))
      expect(stateOf.get(hash(1))).toMatchObject({
        state: 'passed',
        cost: '50',
        finish: 'stop',
        modelName: 'aria-1',
      })
      expect(stateOf.get(hash(2))).toMatchObject({ state: 'committed' })
      expect(stateOf.get(hash(80))).toMatchObject({ state: 'signed', finish: 'length' })
      expect(stateOf.get(hash(90))).toMatchObject({
        state: 'failed',
        failure: expect.stringContaining('answers 6'),
      })
    })

    test('one operator sees its own', async () => {
      const { items } = await get<Page<RequestView>>(`/api/requests?operator=${tamperer}`)

      expect(items.map(item => item.receiptHash)).toEqual([hash(90)])
    })

    test.each([
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=x', 'limit'],
      ['before=5', 'before'],
      ['operator=0x12', 'operator'],
    ])('?%s is refused by name', async (query, name) => {
      const error = await refused(`/api/requests?${query}`)

      expect(error).toMatchObject({ status: 400, code: 'bad_request' })
      expect(error.message).toContain(name)
    })

    test('the limits themselves are allowed', async () => {
      await get('/api/requests?limit=1')
      await get('/api/requests?limit=200')
    })
  })

  describe('the HTTP border', () => {
    test('an unchanged answer is not sent twice', async () => {
      const first = await app.request('/api/providers')
      const etag = first.headers.get('etag')!

      const second = await app.request('/api/providers', { headers: { 'if-none-match': etag } })

      expect(second.status).toBe(304)
    })

    test('pages of this machine may read, others may not', async () => {
      const ask = async (origin: string) => {
        const response = await app.request('/api/health', { headers: { origin } })
        return response.headers.get('access-control-allow-origin')
      }

      expect(await ask('http://localhost:5173')).toBe('http://localhost:5173')
      expect(await ask('http://evil.example')).toBeNull()
    })

    test('an unknown address and an unbuilt dashboard say so', async () => {
      expect(await refused('/api/nothing')).toMatchObject({ status: 404, code: 'not_found' })
      expect(await refused('/')).toMatchObject({ status: 404, hint: expect.stringContaining('build -w web') })
    })

    test('a change reaches an open stream', async () => {
      const response = await app.request('/api/events')
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      expect((await reader.read()).value).toContain(': hello')

      notices.publish({ kind: 'request', block: 5, time: NOW })

      const { value } = await reader.read()
      expect(value).toContain('event: change')
      expect(value).toContain('"kind":"request"')
      await reader.cancel()
    })
  })
})
