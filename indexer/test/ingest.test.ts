import { count } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenDatabase, openDb } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { escrowSums, moneyAtRest } from '../queries/money.ts'
import { startChain, type TestChain } from './support/chain.ts'
import { catchUp, follower } from './support/follow.ts'
import { aria, market } from './support/market.ts'
import { breakableLine } from './support/proxy.ts'

let chain: TestChain
let open: OpenDatabase
let people: ReturnType<typeof market>
let provider: `0x${string}`

beforeAll(async () => {
  ;[chain, open] = await Promise.all([startChain(), openDb('pglite://')])
  people = market(chain)
  provider = (await people.operator(1, s.KIND.provider, aria(1_000))).operator
  await people.deposit(2, provider, aria(10))
})

afterAll(async () => {
  await chain?.stop()
  await open?.close()
})

beforeEach(async () => {
  await open.db.delete(s.ingestCursor)
  await open.db.delete(s.blocks)
})

const follow = () => catchUp(open.db, chain.rpcUrl, chain.deployment)

/** Every event row that hangs on a block, as one comparable text. */
async function mirrored(): Promise<string> {
  const tables = [
    s.escrowDeposited,
    s.escrowRedeemed,
    s.stakingStaked,
    s.stakingRegistered,
    s.escrowFeeChanged,
  ]
  const rows = await Promise.all(tables.map(table => open.db.select().from(table).orderBy(table.blockNumber)))
  return JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}

async function expectMoneyToAddUp(): Promise<void> {
  const [cursor] = await open.db.select().from(s.ingestCursor)
  const { channels, owedToProviders, unburnedFees, refunds } = moneyAtRest(await escrowSums(open.db))
  expect(channels + owedToProviders + unburnedFees + refunds).toBe(cursor?.escrowBalance)
}

describe('ingest', () => {
  test('events become rows exactly as emitted', async () => {
    await follow()

    const [registered] = await open.db.select().from(s.stakingRegistered)
    const [deposited] = await open.db.select().from(s.escrowDeposited)
    expect(registered).toMatchObject({ operator: provider, kind: 1, payout: provider })
    expect(deposited).toMatchObject({ payee: provider, amount: aria(10), salt: 1n })
    await expectMoneyToAddUp()
  })

  test('a redemption moves money inside the escrow to the wei', async () => {
    await people.redeem(2, provider, 1_000_001n)

    await follow()

    const [redeemed] = await open.db.select().from(s.escrowRedeemed)
    expect(redeemed).toMatchObject({ payee: provider, claimed: 1_000_001n, delta: 1_000_001n, fee: 50_001n })
    await expectMoneyToAddUp()
  })

  test('a second pass over an unchanged chain adds nothing', async () => {
    await follow()
    const before = await mirrored()

    await follow()

    expect(await mirrored()).toBe(before)
  })

  test('a reorg leaves what a fresh index of the new chain would hold', async () => {
    const snapshot = await chain.rpc<string>('evm_snapshot')
    await people.deposit(3, provider, aria(5))
    await people.deposit(3, provider, aria(6))
    await follow()
    await chain.rpc('evm_revert', [snapshot])
    await people.deposit(4, provider, aria(7))

    await follow()

    const amounts = await open.db.select({ amount: s.escrowDeposited.amount }).from(s.escrowDeposited)
    expect(amounts.map(row => row.amount)).not.toContain(aria(5))
    expect(amounts.map(row => row.amount)).toContain(aria(7))
    await expectMoneyToAddUp()
    const afterReorg = await mirrored()
    await open.db.delete(s.ingestCursor)
    await open.db.delete(s.blocks)
    await follow()
    expect(await mirrored()).toBe(afterReorg)
  })

  test('blocks that anvil replaces are undone and read again', async () => {
    await people.deposit(3, provider, aria(1))
    await follow()
    const [before] = await open.db.select().from(s.ingestCursor)
    await chain.rpc('anvil_reorg', [2, []])
    await chain.rpc('anvil_mine', ['0x1'])

    const cursor = await follow()

    expect(cursor.blockNumber).toBe(before!.blockNumber + 1)
    await expectMoneyToAddUp()
  })

  test('a cursor and its events move together, so a restart in the middle continues', async () => {
    const client = follower(open.db, chain.rpcUrl, chain.deployment)
    client.start()
    await expect.poll(() => client.status.lagBlocks).toBe(0)
    await client.stop()
    const before = await mirrored()
    await people.deposit(3, provider, aria(2))

    await follow()

    const [{ deposits }] = (await open.db.select({ deposits: count() }).from(s.escrowDeposited)) as [
      { deposits: number },
    ]
    expect(JSON.parse(before)[0]).toHaveLength(deposits - 1)
    await expectMoneyToAddUp()
  })

  test('a dead RPC is waited for, and its lag is told', async () => {
    const line = await breakableLine(chain.rpcUrl)
    const index = follower(open.db, line.url, chain.deployment)
    index.start()
    await expect.poll(() => index.status.lagBlocks, { timeout: 10_000 }).toBe(0)

    line.cut()
    await expect.poll(() => index.status.lagBlocks, { timeout: 10_000 }).toBeNull()
    expect(index.status.failure).toMatchObject({ code: 'chain_unreachable' })
    await people.deposit(3, provider, aria(3))
    line.mend()

    await expect.poll(() => index.status.lagBlocks, { timeout: 10_000 }).toBe(0)
    expect(index.status.failure).toBeUndefined()
    expect(index.status.cursor!.blockNumber).toBe(Number(await chain.rpc('eth_blockNumber')))
    await index.stop()
    line.close()
  })

  test('empty blocks behind the reorg window are not kept', async () => {
    await follow()
    await chain.rpc('anvil_mine', ['0x190'])

    const cursor = await follow()

    const rows = await open.db.select().from(s.blocks).orderBy(s.blocks.number)
    const old = rows.filter(block => block.number < cursor.blockNumber - 128)
    expect(old.every(block => block.eventCount > 0)).toBe(true)
    expect(rows.length).toBeLessThan(200)
  })

  test('another deployment in the same database is refused with a way out', async () => {
    await follow()
    const other = { ...chain.deployment, genesis: chain.deployment.genesis + 1 }

    const refused = catchUp(open.db, chain.rpcUrl, other)

    await expect(refused).rejects.toMatchObject({
      code: 'wrong_chain',
      hint: expect.stringContaining('--fresh'),
    })
  })
})
