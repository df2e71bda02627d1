import { loadModel } from '@aria/engine'
import {
  type Client,
  createClient,
  DEPOSIT_MIN,
  type Delivery,
  openStore,
  type Store,
} from '@aria/sdk/client'
import { createHost, framed, type Host } from '@aria/sdk/p2p'
import {
  AriaError,
  AUDIT_PROTOCOL,
  auditReply,
  auditRequest,
  decodeFrame,
  deployed,
  digest,
  encodeFrame,
  energyClaim,
  epochTimes,
  type Hex,
  keySigner,
  type PublicReceipt,
  RECEIPTS_PROTOCOL,
  receiptsReply,
  receiptsRequest,
  sumFromProof,
  sumLeaf,
} from '@aria/sdk/protocol'
import { auditsAbi, beaconAbi, escrowAbi } from '@aria/sdk/protocol/abi'
import { multiaddr } from '@multiformats/multiaddr'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles } from '../../scripts/localnet/accounts.ts'
import { channelReader } from '../chain/channels.ts'
import { type Chain, connectChain } from '../chain/client.ts'
import type { ProviderConfig } from '../config.ts'
import { silentLog } from '../observe/log.ts'
import { type Provider, startProvider } from '../provider.ts'
import { MODEL_PATH, startTestChain, type TestChain } from './support/chain.ts'
import { filesWith, recordingLog, writtenForms } from './support/traces.ts'

const EPOCH = 1
const OUTPUT_MAX = 90

/** The whole provider: real chain, real contracts, real libp2p, real engine, and the SDK's own client. */
describe('provider', () => {
  let test: TestChain
  let chain: Chain
  let provider: Provider
  let host: Host
  let store: Store
  let client: Client
  const recorded = recordingLog()

  const config = (changed: Partial<ProviderConfig> = {}): ProviderConfig => ({
    rpcUrl: test.rpcUrl,
    deployment: test.deployment,
    modelPath: MODEL_PATH,
    dataDir: `${test.dir}/provider`,
    nodeKey: roles.providerNode(0).privateKey,
    operator: roles.providerOperator(0).address,
    payee: roles.providerOperator(0).address,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    pricePerInputToken: 500_000_000_000n,
    pricePerOutputToken: 2_000_000_000_000n,
    channelMin: 3n * DEPOSIT_MIN,
    region: 'DE-BE',
    energy: { source: 'cpu-time', microPerToken: 12_000 },
    slots: 2,
    queue: 4,
    threads: 1,
    cacheBytes: undefined,
    priority: 'normal',
    creditHead: 'latest',
    redeemAfterMs: 3_600_000,
    ariaPerEth: 10n ** 21n,
    watchtower: undefined,
    logLevel: 'silent',
    ...changed,
  })

  beforeAll(async () => {
    test = await startTestChain()
    chain = await connectChain(test.rpcUrl, test.deployment)
    // Stakes count from the next epoch.
    await test.advanceTo(epochTimes(EPOCH, test.deployment).start)
    provider = await startProvider(config(), { log: recorded.log })
    host = await createHost({ privateKey: generatePrivateKey(), bootstrap: provider.info.multiaddrs })
    store = openStore(`${test.dir}/client`)
    client = createClient(
      { deployment: test.deployment, privacy: 'public' },
      {
        ...{ host, store, publicClient: chain.client },
        wallet: privateKeyToAccount(roles.client().privateKey),
        sessionSigner: keySigner(generatePrivateKey()),
      },
    )
  })
  afterAll(async () => {
    client?.close()
    await host?.stop()
    await provider?.close()
    await test?.close()
  })

  const prompt = Uint32Array.from({ length: 40 }, (_, at) => 40 + at)
  async function ask(seed: bigint): Promise<Delivery> {
    const sampling = { temperature: 900, topK: 40, topP: 9_500 }
    const request = {
      modelId: test.modelId,
      promptTokens: prompt,
      maxOutputTokens: OUTPUT_MAX,
      sampling,
      seed,
    }
    for await (const event of client.infer(request)) if (event.type === 'receipt') return event.delivery
    throw new Error('No receipt came.')
  }
  const receiptHash = ({ receipt }: PublicReceipt) => digest('Receipt', receipt, deployed(test.deployment))

  it('streams a paid answer that the engine verifies bit for bit', async () => {
    const model = await loadModel(MODEL_PATH, { threads: 1 })
    try {
      for (const seed of [1n, 2n, 3n]) {
        const { output, receipt, order, cost } = await ask(seed)
        expect(cost).toBe(40n * 500_000_000_000n + BigInt(output.length) * 2_000_000_000_000n)
        const { temperature, topK, topP } = order.request
        const sampling = { temperature, topK, topP }
        expect(await model.verify({ prompt, output, sampling, seed })).toEqual({ match: true })
        expect(receipt.outputTokens).toBe(output.length)
      }
    } finally {
      await model.close()
    }
  })

  it('offers what its operator says of the machine, and gets channels of the least size that it asks for', async () => {
    const [{ offer } = { offer: undefined }] = client.offers()
    expect(offer).toMatchObject({ depositMin: 3n * DEPOSIT_MIN, region: 'DE-BE' })
    expect(energyClaim(offer!)).toEqual({ source: 'cpu-time', microPerToken: 12_000 })

    const [channel] = store.channels.all()
    const { deposited } = await channelReader(chain, 'latest').read(channel!.id)
    expect(deposited).toBeGreaterThanOrEqual(3n * DEPOSIT_MIN)
  })

  it('goes on with an answer whose connection was lost, at the same provider and for the same price', async () => {
    const request = {
      ...{ modelId: test.modelId, promptTokens: prompt, maxOutputTokens: OUTPUT_MAX, seed: 4n },
      sampling: { temperature: 900, topK: 40, topP: 9_500 },
    }
    const [unbroken, output, types] = [await ask(4n), [] as number[], [] as string[]]
    let last: Delivery | undefined
    for await (const event of client.infer(request)) {
      types.push(event.type)
      if (event.type === 'receipt') last = event.delivery
      if (event.type !== 'tokens') continue
      if (output.length === 0) await host.hangUp(host.getPeers()[0]!)
      output.push(...event.tokens)
    }
    expect(types).toContain('resumed')
    expect(output).toEqual([...unbroken.output])
    expect(last!.cost).toBe(unbroken.cost)
  })

  it('gives its public receipts to anyone, page by page', async () => {
    const stream = framed(await host.dialProtocol(host.getPeers()[0]!, RECEIPTS_PROTOCOL))
    await stream.write(encodeFrame(receiptsRequest, { after: 1n, limit: 1 }))
    const { items } = decodeFrame(receiptsReply, (await stream.read())!, 'receiptsReply')
    await stream.close()
    expect(items.map(({ cursor }) => cursor)).toEqual([2n])
    expect(items[0]!.item.request.seed).toBe(2n)
  })

  it('and the client write a private prompt nowhere, and a public one only into the books for auditors', async () => {
    const asked = Uint8Array.from({ length: 24 }, (_, at) => 251 - 7 * at)
    const books = openStore(`${test.dir}/private-client`)
    const shy = createClient(
      { deployment: test.deployment, privacy: 'private' },
      {
        ...{ host, store: books, publicClient: chain.client },
        wallet: privateKeyToAccount(roles.client().privateKey),
        sessionSigner: keySigner(generatePrivateKey()),
      },
    )
    const sampling = { temperature: 0, topK: 0, topP: 10_000 }
    const request = {
      modelId: test.modelId,
      promptTokens: Uint32Array.from(asked),
      maxOutputTokens: 32,
      sampling,
    }
    let output: number[] = []
    for await (const event of shy.infer({ ...request, seed: 1n }))
      if (event.type === 'receipt') output = [...event.delivery.output]
    await shy.close()
    books.close()

    expect(output.length).toBeGreaterThan(0)
    for (const tokens of [[...asked], [...asked].slice(0, 8), output.slice(0, 8)])
      expect(filesWith(test.dir, tokens)).toEqual([])
    const holders = filesWith(test.dir, [...prompt].slice(0, 8)).map(file => file.split('/')[0])
    expect([...new Set(holders)]).toEqual(['provider'])
    for (const tokens of [[...asked].slice(0, 8), [...prompt].slice(0, 8), output.slice(0, 8)])
      for (const form of writtenForms(tokens)) expect(recorded.text()).not.toContain(form)
    expect(recorded.text()).toContain('Request served')
  })

  it('continues its books after a restart and turns the vouchers into money', async () => {
    const { due } = store.channels.all()[0]!
    await provider.close()
    const { multiaddrs } = provider.info
    const port = multiaddrs[0]!.split('/')[4]
    provider = await startProvider(config({ listen: [`/ip4/127.0.0.1/tcp/${port}`] }), { log: silentLog })
    const { order } = await ask(4n)
    expect(order.terms.base).toBe(due)
    const before = await chain.client.getBalance({ address: roles.providerNode(0).address })
    await provider.collect()
    const { escrow } = test.deployment.contracts
    const args = [order.channel] as const
    const state = await chain.client.readContract({
      address: escrow,
      abi: escrowAbi,
      functionName: 'channels',
      args,
    })
    expect(state.claimed).toBe(store.channels.get(order.channel)!.signed!.total)
    expect(await chain.client.getBalance({ address: roles.providerNode(0).address })).toBeLessThan(before)
  })

  it('commits the epoch and shows transcripts with proofs to the drawn verifier only', async () => {
    const { end, randAt } = epochTimes(EPOCH, test.deployment)
    await test.advanceTo(end + 1)
    const root = await committedRoot()
    expect(root.count).toBe(6)
    await test.advanceTo(randAt + 4)
    await submitRandomness()

    const positions = [0n, root.tokens - 1n]
    const strangerReplies = await askTranscripts(host, positions)
    expect(strangerReplies).toMatchObject([{ item: null, reject: { code: 'not_found' } }])

    const auditor = await createHost({ privateKey: roles.auditorNode(0).privateKey })
    const model = await loadModel(MODEL_PATH, { threads: 1 })
    try {
      const replies = await askTranscripts(auditor, positions)
      expect(replies.map(({ item }) => item!.leafIndex)).toEqual([0, 5])
      for (const { item } of replies) {
        const { leafIndex, proof, item: signed, prompt: asked, output } = item!
        const leaf = sumLeaf(receiptHash(signed), BigInt(output.length))
        expect(sumFromProof(leaf, leafIndex, root.count, proof)!.root).toEqual({
          hash: root.root,
          sum: root.tokens,
        })
        const { temperature, topK, topP, seed } = signed.request
        const transcript = { prompt: asked, output, sampling: { temperature, topK, topP }, seed }
        expect(await model.verify(transcript)).toEqual({ match: true })
      }
    } finally {
      await model.close()
      await auditor.stop()
    }
  })

  async function committedRoot(): Promise<{ root: Hex; count: number; tokens: bigint }> {
    for (;;) {
      const [event] = await chain.client.getContractEvents({
        address: test.deployment.contracts.audits,
        abi: auditsAbi,
        eventName: 'RootCommitted',
        args: { epoch: BigInt(EPOCH) },
        fromBlock: 0n,
      })
      if (event !== undefined) return event.args as { root: Hex; count: number; tokens: bigint }
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }

  async function submitRandomness(): Promise<void> {
    const beacon = { address: test.deployment.contracts.beacon, abi: beaconAbi } as const
    const round = await chain.client.readContract({
      ...beacon,
      functionName: 'roundOf',
      args: [BigInt(EPOCH)],
    })
    const operator = createWalletClient({
      account: privateKeyToAccount(roles.beacon().privateKey),
      chain: chain.client.chain!,
      transport: http(test.rpcUrl),
    })
    const hash = await operator.writeContract({ ...beacon, functionName: 'submit', args: [round, '0x1234'] })
    await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 50 })
  }

  async function askTranscripts(from: Host, positions: bigint[]) {
    const addresses = provider.info.multiaddrs.map(text => multiaddr(text))
    const stream = framed(await from.dialProtocol(addresses, AUDIT_PROTOCOL))
    await stream.write(encodeFrame(auditRequest, { epoch: EPOCH, positions }))
    const replies = []
    for (let frame = await stream.read(); frame !== undefined; frame = await stream.read()) {
      replies.push(decodeFrame(auditReply, frame, 'auditReply'))
    }
    await stream.close()
    return replies
  }

  describe('refuses to start', () => {
    const other = roles.providerNode(5).privateKey
    const cases: [why: string, code: string, text: string, changed: () => Partial<ProviderConfig>][] = [
      ['with an unregistered node key', 'bad_config', 'not registered', () => ({ nodeKey: other })],
      [
        'for an operator that did not register the key',
        'bad_config',
        'belongs to operator',
        () => ({ operator: roles.providerOperator(1).address }),
      ],
      [
        'for a verifier',
        'bad_config',
        'as a verifier',
        () => ({ nodeKey: roles.auditorNode(0).privateKey, operator: roles.auditorOperator(0).address }),
      ],
      ['without a chain', 'chain_unreachable', 'does not answer', () => ({ rpcUrl: 'http://127.0.0.1:1' })],
      [
        'on a chain without the contracts',
        'bad_deployment',
        'no contract',
        () => ({
          deployment: {
            ...test.deployment,
            contracts: { ...test.deployment.contracts, escrow: `0x${'ee'.repeat(20)}` },
          },
        }),
      ],
      [
        'on a port that is taken',
        'bad_config',
        'Cannot listen',
        () => ({ listen: [provider.info.multiaddrs[0]!.replace(/\/p2p.*/, '')] }),
      ],
      [
        'with data that another process uses',
        'storage_locked',
        'Another process',
        () => ({ dataDir: `${test.dir}/provider` }),
      ],
    ]
    it.each(cases)('%s', async (_why, code, text, changed) => {
      const init = config({ dataDir: `${test.dir}/other-${code}-${text.length}`, ...changed() })
      const failure: AriaError = await startProvider(init, { log: silentLog }).catch(error => error)
      expect(failure).toBeInstanceOf(AriaError)
      expect(failure.code).toBe(code)
      expect(failure.message).toContain(text)
    })
  })
})
