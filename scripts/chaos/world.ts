import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { modelManifest } from '@aria/node'
import { ARIA, type Deployment, type Hex } from '@aria/sdk/protocol'
import { createTestClient, http, type TestClient } from 'viem'
import { ROOT } from '../../test/architecture/sources.ts'
import { extraAccount, type Key, roles } from '../localnet/accounts.ts'
import { startChain } from '../localnet/chain.ts'
import { deploy } from '../localnet/deploy.ts'
import { openMarket } from '../localnet/marketplace.ts'
import type { ClientSettings } from './client-config.ts'
import { API_KEY } from './gateway-traffic.ts'
import { type Network, namespaces } from './network.ts'
import { createNode, fakeTimeLibrary, type Node, type NodeSpec } from './node.ts'
import { type RpcProxy, startRpcProxy } from './rpc-proxy.ts'
import type { Victims } from './schedule.ts'

const STAKE = 1_000n * ARIA
const AUDITORS = 3
const CLIENTS = 4
const ETHER = 10n ** 20n
/** One ARIA per million tokens. */
const WEI_PER_TOKEN = ARIA / 1_000_000n
/** Streams of one client at the same time. */
const LINES = 2
/** Processes that start side by side: more only wait for the processor. */
const STARTS = 3
const SLOTS = '4'
/** Vouchers of more than this age are redeemed, so that redemptions meet every fault too. */
const REDEEM_SECONDS = '5'
const SMALL_DISKS = 2
const FAKE_CLOCKS = 2
/** The first providers introduce the others and are never killed: memory is measured on them. */
const LASTING = 2
export const NODES_MIN = LASTING + SMALL_DISKS + FAKE_CLOCKS + 2 + CLIENTS + 2

export interface WorldInit {
  dataDir: string
  seed: number
  nodes: number
  chainPort: number
  network: 'namespaces' | { loopback: (count: number) => Network }
  env: Record<string, string | undefined>
  onStep: (text: string) => void
  signal: AbortSignal
}

export interface Person extends Key {
  name: string
  dataDir: string
}

/** A whole market of processes, each with its own address, its own disk and its own way to the chain. */
export interface World {
  deployment: Deployment
  modelPath: string
  modelId: Hex
  /** The chain itself, past all proxies. */
  rpcUrl: string
  chain: TestClient
  network: Network
  nodes: Node[]
  place(name: string): number
  node(name: string): Node
  rpc: ReadonlyMap<string, RpcProxy>
  victims: Victims
  providers: (Person & { node: Key; priceIn: bigint; priceOut: bigint })[]
  clients: (Person & { recordsFile: string })[]
  gateway: Person & { url: string }
  stop(): Promise<void>
}

export async function startWorld(init: WorldInit): Promise<World> {
  const cleanups: (() => Promise<unknown> | unknown)[] = []
  const stop = async () => {
    for (const clean of cleanups.splice(0).reverse()) await Promise.resolve(clean()).catch(() => {})
  }
  try {
    return await build(init, cleanups, stop)
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

async function build(
  init: WorldInit,
  cleanups: (() => Promise<unknown> | unknown)[],
  stop: () => Promise<void>,
): Promise<World> {
  const { dataDir, seed, nodes: count, env, onStep, signal } = init
  const logDir = join(dataDir, 'logs')
  mkdirSync(logDir, { recursive: true })
  const modelPath = join(ROOT, 'models', 'aria-1.gguf')
  const deploymentFile = join(dataDir, 'deployment.json')
  const chain = await startChain({ dataDir, logDir, port: init.chainPort, env }, signal)
  cleanups.push(() => chain.child.stop())
  const test = createTestClient({ mode: 'anvil', transport: http(chain.url) })
  const deployment = await deploy(
    { root: ROOT, rpcUrl: chain.url, deploymentFile, logDir, dataDir, env },
    signal,
  )
  onStep('chain and contracts are there')

  const people = cast(count, dataDir, logDir)
  const { providers, clients, auditors, gateway } = people
  const market = openMarket(chain.url, deployment)
  const { id: modelId, manifest } = await modelManifest(modelPath, { cacheDir: dataDir })
  await market.registerModel(manifest)
  for (const { address } of [...providers, ...providers.map(one => one.node), ...clients, gateway])
    await test.setBalance({ address, value: ETHER })
  await Promise.all([
    ...providers.map(({ node, ...operator }) => market.enrol('provider', operator, node, STAKE)),
    ...auditors.map(one => market.enrol('verifier', one.operator, one.node, deployment.params.slotStake)),
    ...[...clients, gateway].map(one => market.fundClient(one)),
  ])
  onStep(
    `${providers.length} providers and ${auditors.length} auditors are staked, ${clients.length + 1} payers funded`,
  )

  const names = [...providers, ...clients, gateway, { name: 'indexer' }].map(({ name }) => name)
  const place = (name: string) => names.indexOf(name) + 1
  const network =
    init.network === 'namespaces'
      ? await namespaces(names.length, seed, join(ROOT, '.cache', 'chaos'))
      : init.network.loopback(names.length)
  cleanups.push(() => network.close())
  const rpc = new Map<string, RpcProxy>()
  for (const name of names) {
    const proxy = await startRpcProxy(chain.url, network.hub)
    rpc.set(name, proxy)
    cleanups.push(() => proxy.close())
  }

  const fakeTime = fakeTimeLibrary()
  const bootstrap: string[] = []
  const aria = join(ROOT, 'node', 'bin', 'aria.mjs')
  const common = (name: string) => ({
    ...{ ARIA_RPC_URL: rpc.get(name)!.url, ARIA_DEPLOYMENT: deploymentFile, ARIA_MODEL: modelPath },
    ARIA_BOOTSTRAP: bootstrap.join(','),
  })
  const spec = (name: string, role: NodeSpec['role'], rest: Pick<NodeSpec, 'args' | 'env'>): NodeSpec => ({
    ...{ name, role, place: place(name), dataDir: join(dataDir, name), logDir, ...rest },
  })
  const made: Node[] = []
  const start = async (one: NodeSpec) => {
    const node = createNode(one, network, env)
    made.push(node)
    cleanups.push(() => node.dispose())
    cleanups.push(() => node.stop())
    return await node.start(signal)
  }
  const isNamespaced = network.rule !== undefined
  const startProvider = async (index: number) => {
    const { name, node, address, priceIn, priceOut } = providers[index]!
    const canSkew = fakeTime !== undefined && index >= LASTING && index < LASTING + FAKE_CLOCKS
    const { multiaddrs } = await start({
      ...spec(name, 'provider', {
        args: [aria, 'provider', 'start'],
        env: {
          ...{ ...common(name), ARIA_NODE_KEY: node.privateKey, ARIA_OPERATOR: address },
          ARIA_LISTEN: `/ip4/${network.address(place(name))}/tcp/${network.port(place(name))}`,
          ...{ ARIA_PRICE_IN: perMillion(priceIn), ARIA_PRICE_OUT: perMillion(priceOut), ARIA_SLOTS: SLOTS },
          ...{ ARIA_THREADS: '1', ARIA_REDEEM_SECONDS: REDEEM_SECONDS },
        },
      }),
      hasSmallDisk: isNamespaced && index >= providers.length - SMALL_DISKS,
      ...(canSkew && { fakeTime }),
    })
    if (index < LASTING) bootstrap.push((multiaddrs as string[])[0]!)
  }
  const startClient = (index: number) => {
    const { name, recordsFile, dataDir: books, privateKey } = clients[index]!
    const settings: ClientSettings = {
      ...{ name, seed, lines: LINES, recordsFile, modelPath, deploymentFile, rpcUrl: rpc.get(name)!.url },
      ...{ bootstrap, dataDir: books, clientKey: privateKey },
    }
    const args = [join(ROOT, 'scripts', 'chaos', 'client.ts'), JSON.stringify(settings)]
    return start(spec(name, 'client', { args, env: {} }))
  }

  for (let index = 0; index < LASTING; index++) await startProvider(index)
  await inTurns(providers.length - LASTING, index => startProvider(index + LASTING))
  onStep(`${providers.length} providers serve`)
  const gatewayPort = network.port(place('gateway'))
  await start(
    spec('gateway', 'gateway', {
      args: [aria, 'gateway'],
      env: {
        ...{ ...common('gateway'), ARIA_CLIENT_KEY: gateway.privateKey, ARIA_PRIVACY: 'private' },
        ARIA_API_KEY: API_KEY,
        ...{ ARIA_TOKENIZER: modelPath, ARIA_HOST: network.address(place('gateway')) },
        ARIA_PORT: String(gatewayPort),
      },
    }),
  )
  await start(
    spec('indexer', 'indexer', {
      args: [join(ROOT, 'indexer', 'main.ts')],
      env: {
        ...{ ...common('indexer'), ARIA_HOST: network.address(place('indexer')) },
        ARIA_PORT: String(network.port(place('indexer'))),
        ARIA_AUDITOR_KEYS: auditors.map(({ node }) => node.privateKey).join(','),
        ARIA_BEACON_KEY: roles.beacon().privateKey,
      },
    }),
  )
  await inTurns(clients.length, startClient)
  onStep(`${made.length} processes run`)

  return {
    ...{ deployment, modelPath, modelId, rpcUrl: chain.url, chain: test, network, nodes: made, rpc, stop },
    ...{ providers, clients, place, node: name => made.find(one => one.spec.name === name)! },
    gateway: { ...gateway, url: `http://${network.address(place('gateway'))}:${gatewayPort}/v1` },
    victims: victimsOf(made, isNamespaced),
  }
}

/** Who is who: as many providers as there is room for. */
function cast(nodes: number, dataDir: string, logDir: string) {
  const person = (name: string, index: number) => ({
    name,
    dataDir: join(dataDir, name),
    ...extraAccount(index),
  })
  return {
    providers: Array.from({ length: nodes - CLIENTS - 2 }, (_, index) => ({
      ...person(`provider-${index + 1}`, index),
      node: extraAccount(200 + index),
      // No two alike, so that choosing between them is visible.
      ...{ priceIn: WEI_PER_TOKEN / 2n, priceOut: (WEI_PER_TOKEN * BigInt(180 + 5 * index)) / 100n },
    })),
    clients: Array.from({ length: CLIENTS }, (_, index) => ({
      ...person(`client-${index + 1}`, 400 + index),
      recordsFile: join(logDir, `client-${index + 1}.records`),
    })),
    gateway: person('gateway', 500),
    auditors: Array.from({ length: AUDITORS }, (_, index) => ({
      operator: roles.auditorOperator(index),
      node: roles.auditorNode(index),
    })),
  }
}

/** As the settings want it: ARIA per million tokens. */
const perMillion = (weiPerToken: bigint) => (Number((weiPerToken * 100n) / WEI_PER_TOKEN) / 100).toFixed(2)

async function inTurns(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: STARTS }, worker))
}

/** The first providers, the first client, the gateway and the indexer live through everything: they are measured. */
function victimsOf(nodes: readonly Node[], isNamespaced: boolean): Victims {
  const names = (...some: Node[][]) => some.flat().map(({ spec }) => spec.name)
  const providers = nodes
    .filter(({ spec }) => spec.role === 'provider')
    .sort((a, b) => a.spec.place - b.spec.place)
  const clients = nodes
    .filter(({ spec }) => spec.role === 'client')
    .sort((a, b) => a.spec.place - b.spec.place)
  const mortal = providers.slice(LASTING)
  const linked = isNamespaced
    ? names(
        providers,
        clients,
        nodes.filter(({ spec }) => spec.role === 'gateway'),
      )
    : []
  const onChain = names(providers, clients).concat('gateway', 'indexer')
  return {
    kill: names(mortal, clients.slice(2)),
    freeze: names(mortal, clients.slice(1)),
    ...{ partition: linked, delay: linked, loss: linked, duplicate: linked, reorder: linked },
    rpc_outage: onChain,
    reorg: ['chain'],
    disk_full: names(mortal.filter(({ spec }) => spec.hasSmallDisk === true)),
    clock_skew: names(mortal.filter(({ spec }) => spec.fakeTime !== undefined)),
    old_state: names(mortal.filter(({ spec }) => spec.hasSmallDisk !== true && spec.fakeTime === undefined)),
  }
}
