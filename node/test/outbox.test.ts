import { randomBytes } from 'node:crypto'
import { type Hex, toHex } from '@aria/sdk/protocol'
import { createTestClient, http, parseGwei, parseTransaction } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { roles } from '../../scripts/localnet/accounts.ts'
import { type Chain, connectChain } from '../chain/client.ts'
import { type Fees, PRICE_MULTIPLE_MAX, raisedFees } from '../chain/fees.ts'
import { type Outbox, outbox, STUCK_BLOCKS, STUCK_MS } from '../chain/outbox.ts'
import { silentLog } from '../observe/log.ts'
import { type Database, openDatabase } from '../payments/database.ts'
import { startTestChain, type TestChain } from './support/chain.ts'

const { privateKey, address } = roles.providerNode(0)

/** A real chain whose base fee the test sets, so that a bid is too low for as long as it should be. */
describe('a stuck transaction', () => {
  let test: TestChain
  let chain: Chain
  let database: Database
  let sender: Outbox
  let dir: string
  let nowMs = Date.now()

  const miner = () => createTestClient({ mode: 'anvil', transport: http(test.rpcUrl) })
  const open = () => {
    database = openDatabase(dir, test.deployment)
    sender = outbox({ chain, database, privateKey, log: silentLog, waitMs: 200, nowMs: () => nowMs })
  }
  const mineAt = async (baseFee: bigint, blocks = 1) => {
    for (let block = 0; block < blocks; block++) {
      await miner().setNextBlockBaseFeePerGas({ baseFeePerGas: baseFee })
      await miner().mine({ blocks: 1 })
    }
  }
  interface Row {
    hash: Hex
    raw: Hex
    nonce: number
    state: string
  }
  const rows = () => database.prepare('select * from transactions order by id').all() as unknown as Row[]
  const lower = () => database.prepare('select hash, raw from lower_bids').all() as unknown as Row[]
  const bidOf = ({ raw }: Row) => parseTransaction(raw).maxFeePerGas!
  const call = () => ({ to: address, data: toHex(randomBytes(8)) })

  beforeAll(async () => {
    test = await startTestChain()
    chain = await connectChain(test.rpcUrl, test.deployment)
    await miner().setIntervalMining({ interval: 0 })
  })
  afterAll(() => test.close())
  beforeEach(async () => {
    dir = `${test.dir}/${toHex(randomBytes(4))}`
    open()
    await mineAt(parseGwei('1'))
    return () => database.close()
  })

  /** Sent at a base fee of 1 gwei, and passed over at `baseFee` for as long as it takes. */
  async function stuckAt(baseFee: bigint): Promise<Row> {
    expect(await sender.send('test', call())).toBe('pending')
    expect(await sender.settle()).toBe('pending')
    await mineAt(baseFee, Number(STUCK_BLOCKS))
    nowMs += STUCK_MS
    return rows()[0]!
  }

  it('is sent again at a higher price under its own nonce, and mined once', async () => {
    const before = await stuckAt(parseGwei('5'))
    expect(await sender.settle()).toBe('pending')

    const [raised, ...others] = rows()
    expect(others).toEqual([])
    expect(raised).toMatchObject({ nonce: before.nonce, state: 'pending' })
    expect(bidOf(raised!)).toBeGreaterThan(parseGwei('5'))
    const was = parseTransaction(before.raw)
    expect(parseTransaction(raised!.raw)).toMatchObject({ to: was.to, data: was.data, gas: was.gas })
    expect(lower().map(({ hash }) => hash)).toEqual([before.hash])

    await mineAt(parseGwei('5'))
    expect(await sender.settle()).toBe('mined')
    expect(rows()).toMatchObject([{ hash: raised!.hash, state: 'mined' }])
    expect(lower()).toEqual([])
    expect(await chain.client.getTransactionCount({ address })).toBe(before.nonce + 1)
  })

  it('is found also when a lower bid was mined, after a restart too', async () => {
    const before = await stuckAt(parseGwei('5'))
    await sender.settle()
    const [raised] = rows()
    await miner().dropTransaction({ hash: raised!.hash })
    await mineAt(parseGwei('1')) // This chain takes no bid below the base fee of its newest block.
    await chain.client.sendRawTransaction({ serializedTransaction: before.raw })
    await mineAt(parseGwei('1'))
    database.close()
    open()

    expect(await sender.settle()).toBe('mined')
    expect(rows()).toMatchObject([{ hash: before.hash, state: 'mined' }])
    expect(lower()).toEqual([])
  })

  it('stays one transaction without an outcome: nothing else is sent beside it', async () => {
    await stuckAt(parseGwei('5'))
    await sender.settle()

    await expect(sender.send('another', call())).rejects.toMatchObject({ code: 'busy' })
    expect(sender.pending()).toMatchObject({ purpose: 'test', hash: rows()[0]!.hash })
    await mineAt(parseGwei('5'))
    await sender.settle()
  })

  it('waits its time and its blocks before it bids more', async () => {
    const before = await stuckAt(parseGwei('5'))
    nowMs -= 1
    await sender.settle()
    expect(rows()[0]!.hash).toBe(before.hash)
    nowMs += 1
    database.close()
    open() // The blocks are counted anew.
    await sender.settle()
    await mineAt(parseGwei('5'), Number(STUCK_BLOCKS) - 1)
    await sender.settle()
    expect(rows()[0]!.hash).toBe(before.hash)
    await mineAt(parseGwei('5'))
    await sender.settle()
    expect(rows()[0]!.hash).not.toBe(before.hash)
    await mineAt(parseGwei('5'))
    expect(await sender.settle()).toBe('mined')
  })

  it('bids up to the limit and then waits for cheaper times', async () => {
    const first = await stuckAt(parseGwei('1000'))
    await sender.settle()
    const [highest] = rows()
    expect(bidOf(highest!)).toBe(PRICE_MULTIPLE_MAX * bidOf(first))
    await sender.settle()
    await mineAt(parseGwei('1000'), Number(STUCK_BLOCKS))
    nowMs += STUCK_MS
    expect(await sender.settle()).toBe('pending')
    expect(rows()[0]!.hash).toBe(highest!.hash)

    await mineAt(parseGwei('1'))
    await sender.settle() // Refused before, as below the base fee, and now taken.
    await mineAt(parseGwei('1'))
    await sender.settle()
    expect(rows()).toMatchObject([{ state: 'mined' }])
    expect(await chain.client.getTransactionCount({ address })).toBe(first.nonce + 1)
  })

  it('bids no more than the key can pay', async () => {
    const before = await stuckAt(parseGwei('5'))
    const balance = await chain.client.getBalance({ address })
    await miner().setBalance({ address, value: 21_000n * parseGwei('3') })
    expect(await sender.settle()).toBe('pending')
    expect(rows()[0]!.hash).toBe(before.hash)
    expect(lower()).toEqual([])

    await miner().setBalance({ address, value: balance })
    await sender.settle()
    await mineAt(parseGwei('5'))
    expect(await sender.settle()).toBe('mined')
  })
})

describe('a higher bid', () => {
  const bid = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint): Fees => ({
    ...{ type: 'eip1559' as const, maxFeePerGas, maxPriorityFeePerGas },
  })

  it('raises both parts by more than an eighth, which every node takes', () => {
    expect(raisedFees(bid(800n, 0n), bid(800n, 0n), bid(1n, 0n))).toEqual(bid(901n, 1n))
    expect(raisedFees(bid(800n, 80n), bid(800n, 80n), bid(1n, 1n))).toEqual(bid(901n, 91n))
  })

  it('follows the market, never beyond ten times the first bid, and the tip never beyond the bid', () => {
    expect(raisedFees(bid(100n, 1n), bid(100n, 1n), bid(700n, 50n))).toEqual(bid(700n, 50n))
    expect(raisedFees(bid(100n, 1n), bid(100n, 1n), bid(9_000n, 8_000n))).toEqual(bid(1_000n, 1_000n))
  })

  it('ends where the limit leaves no room for a replacement', () => {
    expect(raisedFees(bid(100n, 1n), bid(888n, 1n), bid(1n, 1n))).toEqual(bid(1_000n, 2n))
    expect(raisedFees(bid(100n, 1n), bid(889n, 1n), bid(1n, 1n))).toBeUndefined()
  })

  it('has one part on a chain without EIP-1559', () => {
    const legacy = (gasPrice: bigint): Fees => ({ type: 'legacy', gasPrice })
    expect(raisedFees(legacy(8n), legacy(8n), legacy(30n))).toEqual(legacy(30n))
    expect(raisedFees(legacy(8n), legacy(80n), legacy(30n))).toBeUndefined()
  })
})
