import { randomBytes } from 'node:crypto'
import { cpSync } from 'node:fs'
import { ARIA, channelId, deployed, type Hex, keySigner, signStruct, toHex } from '@aria/sdk/protocol'
import { escrowAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import { createTestClient, createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { roles } from '../../scripts/localnet/accounts.ts'
import { channelReader, NEW_CHANNEL_CREDIT } from '../chain/channels.ts'
import { type Chain, connectChain } from '../chain/client.ts'
import { type Outbox, outbox } from '../chain/outbox.ts'
import type { CreditHead } from '../config.ts'
import { silentLog } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { type Collector, collector, REDEEM_GAS } from '../payments/collector.ts'
import { type Database, openDatabase } from '../payments/database.ts'
import { type VoucherStore, voucherStore } from '../payments/vouchers.ts'
import { startTestChain, type TestChain } from './support/chain.ts'

/** Real escrow, real chain: mining is switched off to leave transactions without an outcome. */
describe('collector', () => {
  const session = keySigner(toHex(randomBytes(32)))
  const payer = roles.client()
  const payee = roles.providerOperator(0).address
  const node = roles.providerNode(0)
  let test: TestChain
  let chain: Chain
  let database: Database
  let vouchers: VoucherStore
  let sender: Outbox
  let money: Collector
  let salt = 0n

  beforeAll(async () => {
    test = await startTestChain()
    chain = await connectChain(test.rpcUrl, test.deployment)
    await miner().mine({ blocks: 100 }) // so that the contracts are older than the final head
  })
  afterAll(() => test.close())

  const open = (dir: string) => {
    database = openDatabase(dir, test.deployment)
    vouchers = voucherStore(database, () => nowMs)
    sender = outbox({ chain, database, privateKey: node.privateKey, log: silentLog, waitMs: 500 })
    money = collector({
      ...{ vouchers, outbox: sender, payee, log: silentLog, metrics: createMetrics() },
      channels: channelReader(chain, head),
      escrow: test.deployment.contracts.escrow,
      redeemAfterMs: 60_000,
      ariaPerEth,
      nowMs: () => nowMs,
    })
  }
  let ariaPerEth = 0n
  let head: CreditHead = 'latest'
  let nowMs = Date.now()
  let dir: string
  beforeEach(() => {
    dir = `${test.dir}/${toHex(randomBytes(4))}`
    open(dir)
    return () => database.close()
  })

  const miner = () => createTestClient({ mode: 'anvil', transport: http(test.rpcUrl) })
  const setMining = async (isOn: boolean) => {
    if (isOn) await miner().setAutomine(true)
    else await miner().setIntervalMining({ interval: 0 })
  }
  const wallet = () =>
    createWalletClient({
      account: privateKeyToAccount(payer.privateKey),
      chain: chain.client.chain!,
      transport: http(test.rpcUrl),
    })
  const send = async (hash: Promise<Hex>) =>
    chain.client.waitForTransactionReceipt({ hash: await hash, pollingInterval: 50 })

  async function channelWith(deposit: bigint, total: bigint) {
    const parts = { payer: payer.address, signer: session.address, salt: ++salt }
    const id = channelId(parts, payee)
    const { token, escrow } = test.deployment.contracts
    const client = wallet()
    await send(
      client.writeContract({
        address: token,
        abi: tokenAbi,
        functionName: 'approve',
        args: [escrow, deposit],
      }),
    )
    const args = [payee, session.address, salt, deposit] as const
    await send(client.writeContract({ address: escrow, abi: escrowAbi, functionName: 'deposit', args }))
    const value = { channelId: id, maxClaimableAmount: total }
    const signature = await signStruct('Voucher', value, deployed(test.deployment), session)
    const requestId = toHex(randomBytes(32))
    vouchers.admit({
      requestId,
      requestHash: requestId,
      channel: id,
      parts,
      nonce: salt,
      base: 0n,
      voucher: { total, signature },
    })
    return { id, parts }
  }
  const claimed = async (id: Hex) => (await channelReader(chain, 'latest').read(id)).claimed
  const transactions = () =>
    (database.prepare('select state from transactions order by id').all() as { state: string }[]).map(
      row => row.state,
    )

  it('redeems many channels in one transaction and up to the balance', async () => {
    const a = await channelWith(1_000n, 600n)
    const b = await channelWith(1_000n, 5_000n)
    await money.collect()
    expect(await claimed(a.id)).toBe(600n)
    expect(await claimed(b.id)).toBe(1_000n)
    expect(transactions()).toEqual(['mined'])
    expect(vouchers.account(a.id)).toMatchObject({ claimed: 600n, unredeemedSinceMs: undefined })
    await money.collect()
    expect(transactions()).toEqual(['mined'])
  })

  const credit = async (id: Hex, total: bigint) => {
    const value = { channelId: id, maxClaimableAmount: total }
    const signature = await signStruct('Voucher', value, deployed(test.deployment), session)
    vouchers.credit(id, { total, signature }, 0n)
  }

  it('waits while a twentieth of the deposit is at stake, and goes for one wei more', async () => {
    const { id } = await channelWith(1_000n, 50n)
    await money.beat()
    expect(transactions()).toEqual([])
    await credit(id, 51n)
    await money.beat()
    expect(await claimed(id)).toBe(51n)
  })

  it('waits while the voucher brings no more than a hundred times its gas, and goes for one wei more', async () => {
    // A price of gas that does not move: the same for both beats.
    const gasPrice = 1_000_000_000n
    ariaPerEth = 1_000n * ARIA
    sender = { ...sender, gasPrice: async () => gasPrice }
    money = collector({
      ...{ vouchers, outbox: sender, payee, log: silentLog, metrics: createMetrics(), ariaPerEth },
      channels: channelReader(chain, 'latest'),
      escrow: test.deployment.contracts.escrow,
      redeemAfterMs: 60_000,
    })
    const floor = 100n * REDEEM_GAS * gasPrice * 1_000n
    const { id } = await channelWith(2n * floor, floor)
    await money.beat()
    expect(transactions()).toEqual([])
    await credit(id, floor + 1n)
    await money.beat()
    expect(await claimed(id)).toBe(floor + 1n)
    ariaPerEth = 0n
  })

  it('goes by age, however little it is', async () => {
    const { id } = await channelWith(1_000n, 1n)
    nowMs += 59_999
    await money.beat()
    expect(transactions()).toEqual([])
    nowMs += 1
    await money.beat()
    expect(await claimed(id)).toBe(1n)
  })

  it('sends a redemption again that a reorganisation took back, and rests only when it is final', async () => {
    head = 'safe'
    open(`${dir}-reorg`)
    const { id } = await channelWith(1_000n, 300n)
    const before = await miner().snapshot()
    await money.collect()
    expect(await claimed(id)).toBe(300n)
    expect(vouchers.unredeemed(10)).toHaveLength(1) // paid, but not for certain

    await miner().revert({ id: before })
    expect(await claimed(id)).toBe(0n)
    nowMs += 10_000
    await money.beat()
    expect(await claimed(id)).toBe(300n)

    await miner().mine({ blocks: 100 })
    nowMs += 10_000
    await money.beat()
    expect(vouchers.unredeemed(10)).toEqual([])
    head = 'latest'
  })

  it('learns after a start from an old copy what the chain has paid: provider-forgets-a-redemption', async () => {
    const { id } = await channelWith(1_000n, 300n)
    await money.collect()
    database.close()
    cpSync(dir, `${dir}-old`, { recursive: true })
    open(dir)
    await credit(id, 500n)
    await money.collect()
    database.close()

    open(`${dir}-old`)
    expect(vouchers.account(id)).toMatchObject({ claimed: 300n, unredeemedSinceMs: undefined })
    await money.beat()
    expect(vouchers.account(id)).toMatchObject({ claimed: 500n, unredeemedSinceMs: undefined })
    expect(transactions()).toEqual(['mined'])
  })

  it('compares page by page after a start, and each channel once', async () => {
    const parts = { payer: payer.address, signer: session.address, salt: 1n }
    const settled = { parts, due: 7n, best: undefined, claimed: 7n, unredeemedSinceMs: undefined }
    const ids = Array.from({ length: 250 }, (_, index): Hex => `0x${`${index}`.padStart(64, '0')}`)
    const asked: Hex[] = []
    money = collector({
      ...{ outbox: sender, payee, log: silentLog, metrics: createMetrics(), ariaPerEth },
      vouchers: {
        ...vouchers,
        after: (channel, limit) =>
          ids
            .filter(id => id > channel)
            .slice(0, limit)
            .map(id => ({ ...settled, id })),
      },
      channels: {
        ...channelReader(chain, 'latest'),
        funds: async channel => {
          asked.push(channel)
          return { claimed: 7n, balance: 9n, thawEnd: 0, isFinal: true }
        },
      },
      escrow: test.deployment.contracts.escrow,
      redeemAfterMs: 60_000,
    })
    const perBeat: number[] = []
    for (let beat = 0; beat < 4; beat++) {
      await money.beat()
      perBeat.push(asked.length)
    }
    expect(perBeat).toEqual([100, 200, 250, 250])
    expect(asked).toEqual(ids)
  })

  it('redeems at once when the payer thaws', async () => {
    const { id, parts } = await channelWith(1_000n, 10n)
    const args = [payee, parts.signer, parts.salt] as const
    const { escrow: address } = test.deployment.contracts
    await send(wallet().writeContract({ address, abi: escrowAbi, functionName: 'thaw', args }))
    await money.beat()
    expect(await claimed(id)).toBe(10n)
  })

  it('asks for the price of gas once in ten seconds', async () => {
    let [asked, nowMs] = [0, 1_000]
    const getGasPrice = async () => BigInt(++asked)
    const client = { ...chain.client, getGasPrice } as typeof chain.client
    const { privateKey } = node
    const init = { chain: { ...chain, client }, database, privateKey, log: silentLog, nowMs: () => nowMs }
    const { gasPrice } = outbox(init)

    expect([await gasPrice(), await gasPrice()]).toEqual([1n, 1n])
    nowMs += 10_000
    expect(await gasPrice()).toBe(1n)
    nowMs += 1
    expect(await gasPrice()).toBe(2n)
  })

  it('looks at a thawing channel even when a thousand others come first', async () => {
    const { id, parts } = await channelWith(1_000n, 10n)
    const others = channelReader(chain, 'latest')
    const asked: Hex[] = []
    money = collector({
      ...{ outbox: sender, payee, log: silentLog, metrics: createMetrics(), ariaPerEth },
      vouchers: { ...vouchers, unredeemed: () => [] },
      channels: {
        ...others,
        funds: channel => {
          asked.push(channel)
          return others.funds(channel)
        },
      },
      escrow: test.deployment.contracts.escrow,
      redeemAfterMs: 60_000,
    })
    const args = [payee, parts.signer, parts.salt] as const
    const { escrow: address } = test.deployment.contracts
    await send(wallet().writeContract({ address, abi: escrowAbi, functionName: 'thaw', args }))
    await money.beat()
    expect(asked).toContain(id)
    expect(await claimed(id)).toBe(10n)
  })

  it('redeems a thawing channel again for later vouchers, but not for each of them', async () => {
    const { id, parts } = await channelWith(1_000n, 10n)
    const args = [payee, parts.signer, parts.salt] as const
    const { escrow: address } = test.deployment.contracts
    await send(wallet().writeContract({ address, abi: escrowAbi, functionName: 'thaw', args }))
    await money.beat()
    await credit(id, 20n)
    nowMs += 29_000
    await money.beat()
    expect(await claimed(id)).toBe(10n)
    nowMs += 1_000
    await money.beat()
    expect(await claimed(id)).toBe(20n)
  })

  it('has everything before the payer can withdraw, and what comes after the withdrawal claims nothing', async () => {
    const { id, parts } = await channelWith(1_000n, 700n)
    const { escrow: address } = test.deployment.contracts
    const key = [payee, parts.signer, parts.salt] as const
    await send(wallet().writeContract({ address, abi: escrowAbi, functionName: 'thaw', args: key }))
    await money.beat()
    const { timestamp } = await chain.client.getBlock()
    await test.advanceTo(Number(timestamp) + test.deployment.params.thawSeconds)
    const args = [...key, payer.address] as const
    await send(wallet().writeContract({ address, abi: escrowAbi, functionName: 'withdraw', args }))
    await credit(id, 900n)
    await money.collect()
    expect(await channelReader(chain, 'latest').funds(id)).toMatchObject({ balance: 700n, claimed: 700n })
  })

  it('credits a deposit that is not safe yet with no more than a first request', async () => {
    const deposit = ARIA
    const { id } = await channelWith(deposit, 0n)
    expect((await channelReader(chain, 'safe').read(id)).balance).toBe(NEW_CHANNEL_CREDIT)
    expect((await channelReader(chain, 'latest').read(id)).balance).toBe(deposit)
    await miner().mine({ blocks: 100 })
    expect((await channelReader(chain, 'safe').read(id)).balance).toBe(deposit)
  })

  it('credits less than that with what is there', async () => {
    const { id } = await channelWith(NEW_CHANNEL_CREDIT - 1n, 0n)
    expect((await channelReader(chain, 'safe').read(id)).balance).toBe(NEW_CHANNEL_CREDIT - 1n)
  })

  it('never sends a second transaction while the first has no outcome, also after a restart', async () => {
    const { id } = await channelWith(1_000n, 300n)
    await setMining(false)
    try {
      await money.collect()
      await money.collect()
      expect(transactions()).toEqual(['pending'])
      database.close()
      open(dir)
      await money.collect()
      expect(transactions()).toEqual(['pending'])
      expect(await claimed(id)).toBe(0n)
    } finally {
      await setMining(true)
    }
    await miner().mine({ blocks: 1 })
    await money.beat()
    expect(transactions()).toEqual(['mined'])
    expect(await claimed(id)).toBe(300n)
    expect(vouchers.account(id)!.claimed).toBe(300n)
  })

  it('sends the same transaction again when the network lost it', async () => {
    const { id } = await channelWith(1_000n, 300n)
    await setMining(false)
    try {
      await money.collect()
      const { hash } = database.prepare('select hash from transactions').get() as { hash: Hex }
      await miner().dropTransaction({ hash })
    } finally {
      await setMining(true)
    }
    await sender.settle()
    await miner().mine({ blocks: 1 })
    expect(await sender.settle()).toBe('mined')
    expect(transactions()).toEqual(['mined'])
    expect(await claimed(id)).toBe(300n)
  })

  it('starts over when its transaction can never be mined', async () => {
    const { id } = await channelWith(1_000n, 300n)
    await setMining(false)
    try {
      await money.collect()
      const row = database.prepare('select hash, nonce from transactions').get() as {
        hash: Hex
        nonce: number
      }
      await miner().dropTransaction({ hash: row.hash })
      const account = privateKeyToAccount(node.privateKey)
      const other = createWalletClient({ account, chain: chain.client.chain!, transport: http(test.rpcUrl) })
      await other.sendTransaction({ to: account.address, nonce: row.nonce })
      await miner().mine({ blocks: 1 })
    } finally {
      await setMining(true)
    }
    expect(await sender.settle()).toBe('dropped')
    await money.collect()
    expect(transactions()).toEqual(['dropped', 'mined'])
    expect(await claimed(id)).toBe(300n)
  })
})
