import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { openStore, storePath } from '@aria/sdk/client'
import { type Address, ARIA, channelId, deployed, type Hex, keySigner, signStruct } from '@aria/sdk/protocol'
import { escrowAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import { createTestClient, createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles } from '../../scripts/localnet/accounts.ts'
import { type Chain, connectChain } from '../chain/client.ts'
import { environment } from '../config.ts'
import { inRanges } from '../money/events.ts'
import type { MoneyItem } from '../money/item.ts'
import { moneyView } from '../money/view.ts'
import { openDatabase } from '../payments/database.ts'
import { voucherStore } from '../payments/vouchers.ts'
import { startTestChain, type TestChain } from './support/chain.ts'

const ARIA_BIN = fileURLToPath(new URL('../bin/aria.mjs', import.meta.url))
const { PATH } = environment()

/** A real chain with one client and one provider, whose money lies in every place there is. */
describe('money at rest', () => {
  const [client, operator, node] = [roles.client(), roles.providerOperator(0), roles.providerNode(0)]
  const session = keySigner(node.privateKey)
  let test: TestChain
  let chain: Chain
  let dataDir: string
  let known: Hex
  let closeBooks: () => void
  let startedWith: bigint

  const contract = () => ({ address: test.deployment.contracts.escrow, abi: escrowAbi }) as const
  const token = () => ({ address: test.deployment.contracts.token, abi: tokenAbi }) as const
  const tokensOf = (account: Address) =>
    chain.client.readContract({ ...token(), functionName: 'balanceOf', args: [account] })
  const wallet = ({ privateKey }: { privateKey: Hex }) =>
    createWalletClient({
      account: privateKeyToAccount(privateKey),
      chain: chain.client.chain!,
      transport: http(test.rpcUrl),
    })
  const mined = async (hash: Promise<Hex>) =>
    chain.client.waitForTransactionReceipt({ hash: await hash, pollingInterval: 50 })

  async function deposit(salt: bigint, amount: bigint): Promise<Hex> {
    const { escrow } = test.deployment.contracts
    await mined(wallet(client).writeContract({ ...token(), functionName: 'approve', args: [escrow, amount] }))
    const args = [operator.address, session.address, salt, amount] as const
    await mined(wallet(client).writeContract({ ...contract(), functionName: 'deposit', args }))
    return channelId(partsOf(salt), operator.address)
  }
  const partsOf = (salt: bigint) => ({ payer: client.address, signer: session.address, salt })

  beforeAll(async () => {
    test = await startTestChain()
    chain = await connectChain(test.rpcUrl, test.deployment)
    dataDir = `${test.dir}/money`
    startedWith = (await tokensOf(client.address)) + (await tokensOf(operator.address)) + 2_000n * ARIA
    known = await deposit(1n, 10n * ARIA)
    await deposit(2n, 3n * ARIA + 7n) // no books know it
    const third = await deposit(3n, ARIA)
    await mined(
      wallet(operator).writeContract({
        ...{ ...contract(), functionName: 'close' as const },
        args: [client.address, session.address, 3n],
      }),
    )
    expect(
      (await chain.client.readContract({ ...contract(), functionName: 'channels', args: [third] })).balance,
    ).toBe(0n)

    const total = 4n * ARIA + 1n
    const signature = await signStruct(
      'Voucher',
      { channelId: known, maxClaimableAmount: total },
      deployed(test.deployment),
      session,
    )
    const books = openDatabase(dataDir, test.deployment)
    const requestId: Hex = `0x${'05'.repeat(32)}`
    voucherStore(books).admit({
      ...{ requestId, requestHash: requestId, channel: known, parts: partsOf(1n), nonce: 1n, base: 0n },
      voucher: { total, signature },
    })
    const store = openStore(storePath(dataDir, test.deployment))
    store.channels.add({
      ...{
        id: known,
        parts: partsOf(1n),
        payee: operator.address,
        node: node.address,
        operator: operator.address,
      },
      ...{ isPrivate: false, balance: 0n, claimed: 0n, thawEnd: 0, due: 0n, settled: true, signed: null },
      ...{ createdAtMs: 1, usedAtMs: 1 },
    })
    store.channels.raiseSigned(known, { total, signature })
    store.channels.book(known, { due: 4n * ARIA, settled: true }, 1)
    // Both stay open: the view must work beside a running provider and a running gateway.
    closeBooks = () => {
      books.close()
      store.close()
    }
  })
  afterAll(async () => {
    closeBooks?.()
    await test?.close()
  })

  const view = () =>
    moneyView(chain, { dataDir, operator: operator.address, payee: undefined, payer: client.address })

  it('lists every wei, and the sum is what the contracts hold', async () => {
    const { items, totals, checks } = await view()

    expect(checks.every(({ ok }) => ok)).toBe(true)
    expect(totals.escrow).toBe(await tokensOf(test.deployment.contracts.escrow))
    const verifiers = 1_000n * ARIA
    expect(totals.staking + verifiers).toBe(await tokensOf(test.deployment.contracts.staking))
    expect(totals.promised).toBe(4n * ARIA + 1n)
    expect(items.map(({ kind }) => kind).sort()).toEqual(['channel', 'channel', 'refund', 'stake', 'voucher'])
    for (const { command, why } of items) expect([command, why].every(Boolean)).toBe(true)
    const { parts, amount } = items.find(({ id, kind }) => id === known && kind === 'channel')!
    expect(parts).toEqual({ owed: 4n * ARIA, ahead: 1n, free: 6n * ARIA - 1n })
    expect(parts!.owed + parts!.ahead + parts!.free).toBe(amount)
  })

  function start(args: string[], key: Hex): ChildProcess {
    const variables = {
      ...{ ARIA_RPC_URL: test.rpcUrl, ARIA_DEPLOYMENT: test.deploymentFile, ARIA_DATA_DIR: dataDir },
      ...{ ARIA_OPERATOR: operator.address, ARIA_PAYER: client.address, ARIA_WALLET_KEY: key },
    }
    const env = { PATH, ...variables }
    return spawn(process.execPath, [ARIA_BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env })
  }
  async function aria(args: string[], key: Hex): Promise<string> {
    const child = start(args, key)
    const exit = once(child, 'exit')
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
    expect([(await exit)[0], stderr]).toEqual([0, ''])
    return stdout
  }

  it('prints one JSON object with every amount as text, and a page for people', async () => {
    const report = JSON.parse(await aria(['money', '--json'], node.privateKey))
    expect(report).toMatchObject({ ok: true, machine: expect.any(String), commit: expect.any(String) })
    expect(report.items.map(({ amount }: { amount: string }) => amount)).toContain(`${3n * ARIA + 7n}`)
    const page = await aria(['money'], node.privateKey)
    expect(page).toContain('3.000000000000000007 ARIA')
    expect(page).toContain(`→ aria money close --channel ${known}`)
    expect(page).toContain('equals the chain')
  })

  it('is empty once every shown command was run, and all of it is back in the wallets', async () => {
    const keyOf = (item: MoneyItem) =>
      item.account === client.address ? client.privateKey : operator.privateKey
    const seen = new Set<string>()
    for (let round = 0; ; round++) {
      expect(round).toBeLessThan(8)
      const { items, checks } = await view()
      expect(checks.every(({ ok }) => ok)).toBe(true)
      if (items.length === 0) break
      // What is promised goes first, as it does in the second before a payer's withdrawal.
      for (const item of items.sort((a, b) => Number(b.kind === 'voucher') - Number(a.kind === 'voucher'))) {
        seen.add(item.kind)
        const { command } = item
        if (command!.startsWith('after that')) continue
        if (item.kind === 'unbonding' && item.until! > Number((await chain.client.getBlock()).timestamp))
          continue
        await aria(command!.split(' ').slice(1), keyOf(item))
      }
      const { timestamp } = await chain.client.getBlock()
      const { thawSeconds, unbondSeconds } = test.deployment.params
      await test.advanceTo(Number(timestamp) + Math.max(thawSeconds, unbondSeconds) + 1)
    }
    expect([...seen].sort()).toEqual(
      ['channel', 'earned', 'fee', 'refund', 'stake', 'unbonding', 'voucher'].sort(),
    )
    expect(await tokensOf(test.deployment.contracts.escrow)).toBe(0n)
    const fee = (4n * ARIA + 1n) / 20n + 1n
    expect((await tokensOf(client.address)) + (await tokensOf(operator.address))).toBe(startedWith - fee)
  })

  it('lists a transaction without an outcome, and a second command waits for it instead of sending again', async () => {
    await deposit(9n, 5n * ARIA)
    const miner = createTestClient({ mode: 'anvil', transport: http(test.rpcUrl) })
    await miner.setIntervalMining({ interval: 0 })
    await miner.setAutomine(false)
    const { moneyWallet } = await import('../money/wallet.ts')
    const { closeSteps } = await import('../money/actions.ts')
    const { silentLog } = await import('../observe/log.ts')
    const { deployment } = test
    const open = () =>
      moneyWallet(chain, { dataDir, deployment, privateKey: client.privateKey, log: silentLog, waitMs: 300 })
    const id = channelId(partsOf(9n), operator.address)
    const [step] = await closeSteps(chain, client.address, id)
    for (let attempt = 0; attempt < 2; attempt++) {
      const account = open()
      await expect(account.send(`close ${id}`, step!.call!)).rejects.toThrow('not known yet')
      account.close()
    }
    const { items } = await view()
    expect(items.filter(({ kind }) => kind === 'transaction')).toHaveLength(1)

    await miner.setAutomine(true)
    await miner.mine({ blocks: 1 })
    const account = open()
    await account.send(`close ${id}`, step!.call!)
    account.close()
    expect((await view()).items.map(({ kind }) => kind)).toEqual(['channel'])
  })
})

describe('events of a long chain', () => {
  it('are asked for in smaller ranges when the RPC refuses, each block once', async () => {
    const asked: [bigint, bigint][] = []
    const blocks = await inRanges(10n, 999n, async (from, to) => {
      asked.push([from, to])
      if (to - from >= 300n) throw new Error('query returned more than the limit')
      return Array.from({ length: Number(to - from) + 1 }, (_, at) => from + BigInt(at))
    })
    expect(blocks).toEqual(Array.from({ length: 990 }, (_, at) => BigInt(10 + at)))
    expect(asked.length).toBeLessThan(10)
  })

  it('end with the RPC’s own error when it refuses even the smallest range', async () => {
    const down = inRanges(0n, 10_000n, async () => {
      throw new Error('no logs here')
    })
    await expect(down).rejects.toThrow('no logs here')
  })
})
