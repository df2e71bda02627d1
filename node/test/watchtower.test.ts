import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ARIA, channelId, deployed, type Hex, keySigner, signStruct } from '@aria/sdk/protocol'
import { escrowAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import { createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles } from '../../scripts/localnet/accounts.ts'
import { channelReader } from '../chain/channels.ts'
import { type Chain, connectChain } from '../chain/client.ts'
import { environment } from '../config.ts'
import { silentLog } from '../observe/log.ts'
import { type Database, openDatabase } from '../payments/database.ts'
import { type VoucherStore, voucherStore } from '../payments/vouchers.ts'
import { pack, unpack } from '../watchtower/parcel.ts'
import { watchtowerPush } from '../watchtower/push.ts'
import { newSealKey, seal, unseal } from '../watchtower/seal.ts'
import { serveTower } from '../watchtower/server.ts'
import { type Tower, tower } from '../watchtower/tower.ts'
import { startTestChain, type TestChain } from './support/chain.ts'

const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => at & 0xff)

describe('a sealed parcel', () => {
  const key = newSealKey()

  it.each([0, 1, 63, 64, 65, 100_000])('of %i bytes comes out as it went in', length => {
    expect(unseal(seal(bytes(length), key.publicKey), key)).toEqual(bytes(length))
  })

  it('is different each time, and shows nothing of its content', () => {
    const content = new TextEncoder().encode('a secret that would be seen')
    const [first, second] = [seal(content, key.publicKey), seal(content, key.publicKey)]
    expect(first).not.toEqual(second)
    expect(Buffer.from(first).includes(Buffer.from(content.subarray(0, 8)))).toBe(false)
  })

  it('opens for its reader only, and not when one bit of it changed', () => {
    const sealed = seal(bytes(50), key.publicKey)
    expect(() => unseal(sealed, newSealKey())).toThrow(expect.objectContaining({ code: 'bad_proof' }))
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      changed[at]! ^= 1
      expect(() => unseal(changed, key), `byte ${at}`).toThrow(expect.objectContaining({ code: 'bad_proof' }))
    }
    for (const length of [0, 8, 55, sealed.length - 1])
      expect(() => unseal(sealed.subarray(0, length), key)).toThrow(
        expect.objectContaining({ code: 'bad_proof' }),
      )
  })

  it('is refused when its key is a point of low order', () => {
    const sealed = seal(bytes(50), key.publicKey)
    sealed.fill(0, 8, 40)
    expect(() => unseal(sealed, key)).toThrow(expect.objectContaining({ code: 'bad_proof' }))
  })
})

/** A real chain; the tower has a wallet for gas and no key of the provider. */
describe('a watchtower', () => {
  const [client, operator, node, gas] = [
    roles.client(),
    roles.providerOperator(0),
    keySigner(roles.providerNode(0).privateKey),
    roles.auditorNode(1),
  ]
  const key = newSealKey()
  let test: TestChain
  let chain: Chain
  let dataDir: string
  let watching: Tower
  let nowMs = Date.now()
  let salt = 0n
  let directories = 0

  beforeAll(async () => {
    test = await startTestChain()
    chain = await connectChain(test.rpcUrl, test.deployment)
    fresh()
  })
  afterAll(async () => {
    watching?.close()
    await test?.close()
  })
  const open = () =>
    tower({
      ...{ chain, deployment: test.deployment, dataDir, key, walletKey: gas.privateKey, log: silentLog },
      ...{ nodes: [node.address], redeemAfterMs: 60_000, creditHead: 'latest', nowMs: () => nowMs },
    })
  const fresh = () => {
    dataDir = `${test.dir}/tower-${++directories}`
    watching = open()
  }
  const reopen = () => {
    watching.close()
    watching = open()
  }

  const contract = () => ({ address: test.deployment.contracts.escrow, abi: escrowAbi }) as const
  const wallet = () =>
    createWalletClient({
      account: privateKeyToAccount(client.privateKey),
      chain: chain.client.chain!,
      transport: http(test.rpcUrl),
    })
  const mined = async (hash: Promise<Hex>) =>
    chain.client.waitForTransactionReceipt({ hash: await hash, pollingInterval: 50 })

  async function funded(amount = ARIA) {
    const parts = { payer: client.address, signer: client.address, salt: ++salt }
    const { escrow: spender, token: address } = test.deployment.contracts
    const approve = { address, abi: tokenAbi, functionName: 'approve', args: [spender, amount] } as const
    await mined(wallet().writeContract(approve))
    const args = [operator.address, client.address, salt, amount] as const
    await mined(wallet().writeContract({ ...contract(), functionName: 'deposit', args }))
    return { parts, id: channelId(parts, operator.address) }
  }
  const thaw = (salt: bigint) =>
    mined(
      wallet().writeContract({
        ...contract(),
        functionName: 'thaw',
        args: [operator.address, client.address, salt],
      }),
    )
  const voucher = async (id: Hex, total: bigint, signer = keySigner(client.privateKey)) => {
    const value = { channelId: id, maxClaimableAmount: total }
    return { total, signature: await signStruct('Voucher', value, deployed(test.deployment), signer) }
  }
  const where = () => ({
    ...{ payee: operator.address, deployed: deployed(test.deployment), signer: node, tower: key.publicKey },
  })
  const claimed = async (id: Hex) => (await channelReader(chain, 'latest').funds(id)).claimed

  it('redeems at once when the payer thaws, with no key of the provider, also after a restart', async () => {
    const { parts, id } = await funded()
    const sealed = await pack([{ parts, voucher: await voucher(id, ARIA / 2n) }], where())
    expect(await watching.take(sealed)).toEqual({ node: node.address, channels: 1, kept: 1 })
    await watching.beat()
    expect(await claimed(id)).toBe(0n) // worth a lot, but the provider is the one to redeem it
    reopen()
    await thaw(parts.salt)
    await watching.beat()
    expect(await claimed(id)).toBe(ARIA / 2n)
  })

  it('redeems what its provider left for too long', async () => {
    const { parts, id } = await funded()
    await watching.take(await pack([{ parts, voucher: await voucher(id, 5n) }], where()))
    nowMs += 59_999
    await watching.beat()
    expect(await claimed(id)).toBe(0n)
    nowMs += 1
    await watching.beat()
    expect(await claimed(id)).toBe(5n)
  })

  it('keeps the best voucher, whatever is replayed or rolled back', async () => {
    const { parts, id } = await funded()
    const old = await pack([{ parts, voucher: await voucher(id, 100n) }], where())
    const best = await pack([{ parts, voucher: await voucher(id, 900n) }], where())
    expect((await watching.take(old)).kept).toBe(1)
    expect((await watching.take(best)).kept).toBe(1)
    expect((await watching.take(old)).kept).toBe(0)
    expect((await watching.take(best)).kept).toBe(0)
    reopen()
    expect((await watching.take(old)).kept).toBe(0)
    await watching.collect()
    expect(await claimed(id)).toBe(900n)
    await watching.take(old)
    await watching.collect()
    expect(await claimed(id)).toBe(900n)
  })

  describe('refuses', () => {
    const refused = async (sealed: Uint8Array, code: string) =>
      expect(watching.take(sealed)).rejects.toThrow(expect.objectContaining({ code }))

    it('a stranger’s parcel: here it is our gas', async () => {
      const { parts, id } = await funded()
      const signer = keySigner(client.privateKey)
      await refused(
        await pack([{ parts, voucher: await voucher(id, 9n) }], { ...where(), signer }),
        'bad_signature',
      )
    })

    it('a voucher that its channel’s signer did not sign', async () => {
      const { parts, id } = await funded()
      await refused(await pack([{ parts, voucher: await voucher(id, 9n, node) }], where()), 'bad_signature')
    })

    it('vouchers of another payee', async () => {
      const { parts } = await funded()
      const id = channelId(parts, client.address)
      const other = { ...where(), payee: client.address }
      await refused(await pack([{ parts, voucher: await voucher(id, 9n) }], other), 'wrong_payee')
    })

    it('vouchers of another chain and of another escrow', async () => {
      for (const change of [{ chainId: 1 }, { escrow: client.address }]) {
        const elsewhere = { ...deployed(test.deployment), ...change }
        await refused(await pack([], { ...where(), deployed: elsewhere }), 'wrong_chain')
      }
    })

    it('more bytes than the limit, before it decrypts any', async () => {
      await refused(new Uint8Array(256 * 1024 + 1), 'frame_too_large')
    })
  })

  it('takes a parcel of the largest size', async () => {
    const parts = { payer: client.address, signer: client.address, salt: 2n ** 96n - 1n }
    const id = channelId(parts, operator.address)
    const row = { parts, voucher: await voucher(id, 2n ** 96n - 1n) }
    const sealed = await pack(
      Array.from({ length: 1_001 }, () => row),
      where(),
    )
    expect(sealed.length).toBeLessThan(256 * 1024)
    expect((await unpack(sealed, key, deployed(test.deployment))).vouchers).toHaveLength(1_000)
  })

  describe('fed by a provider', () => {
    let books: Database
    let vouchers: VoucherStore
    const provider = () => `${test.dir}/provider-of-tower`
    beforeAll(() => {
      books = openDatabase(provider(), test.deployment)
      vouchers = voucherStore(books)
    })
    afterAll(() => books.close())

    it('gets each better voucher once over HTTP, and the disk of the provider may be lost', async () => {
      fresh()
      const server = await serveTower(watching, '127.0.0.1', 0, silentLog)
      const { parts, id } = await funded()
      vouchers.keep(id, parts, await voucher(id, 10n))
      let parcels = 0
      const counted = {
        ...watching,
        take: (sealed: Uint8Array) => {
          parcels++
          return watching.take(sealed)
        },
      }
      const second = await serveTower(counted, '127.0.0.1', 0, silentLog)
      const push = watchtowerPush({ ...where(), url: second.url, vouchers, log: silentLog })
      await push()
      await push()
      expect(parcels).toBe(1)
      vouchers.keep(id, parts, await voucher(id, 20n))
      await push()
      expect(parcels).toBe(2)
      await thaw(parts.salt)
      await watching.beat()
      expect(await claimed(id)).toBe(20n)

      const post = (body: Uint8Array | string, path = '/parcels') =>
        fetch(server.url + path, { method: 'POST', body: Buffer.from(body as string) }).then(
          ({ status }) => status,
        )
      expect(await post('rubbish')).toBe(400)
      expect(await post(new Uint8Array(256 * 1024 + 1))).toBe(413)
      expect(await post('', '/')).toBe(404)
      expect(await post(await pack([], { ...where(), signer: keySigner(client.privateKey) }))).toBe(403)
      await server.close()
      await second.close()
      await expect(
        watchtowerPush({ ...where(), url: server.url, vouchers, log: silentLog })(),
      ).rejects.toThrow(expect.objectContaining({ code: 'not_found' }))
    })

    it('gets a file from the command line while the provider runs, and redeems it', async () => {
      const { parts, id } = await funded()
      vouchers.keep(id, parts, await voucher(id, 77n))
      const towerDir = `${test.dir}/cli-tower`
      mkdirSync(towerDir)
      const file = `${test.dir}/parcel.bin`
      const { publicKey } = await aria(['watchtower', 'key', '--data-dir', towerDir])
      const exported = await aria(['watchtower', 'export', file, '--to', publicKey], {
        ...{ ARIA_DATA_DIR: provider(), ARIA_OPERATOR: operator.address },
        ARIA_WALLET_KEY: roles.providerNode(0).privateKey,
      })
      expect(exported).toMatchObject({ event: 'written', left: 0 })
      const taken = await aria(['watchtower', 'import', file, '--redeem'], {
        ...{ ARIA_DATA_DIR: towerDir, ARIA_WALLET_KEY: gas.privateKey, ARIA_WATCHTOWER_NODES: node.address },
        ARIA_LOG_LEVEL: 'silent',
      })
      expect(taken).toMatchObject({ event: 'taken', node: node.address })
      expect(await claimed(id)).toBe(77n)
    })
  })

  async function aria(args: string[], variables: Record<string, string> = {}) {
    const env = {
      ...{ PATH: environment()['PATH'], ARIA_RPC_URL: test.rpcUrl, ARIA_DEPLOYMENT: test.deploymentFile },
      ...variables,
    }
    const bin = fileURLToPath(new URL('../bin/aria.mjs', import.meta.url))
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env })
    const exit = once(child, 'exit')
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
    expect([(await exit)[0], stderr]).toEqual([0, ''])
    return JSON.parse(stdout.split('\n')[0]!)
  }
})
