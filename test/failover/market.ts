import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { modelManifest } from '@aria/node'
import { type Client, createClient, openStore } from '@aria/sdk/client'
import { createHost } from '@aria/sdk/p2p'
import { type Address, ARIA, type Deployment, type Hex, keySigner } from '@aria/sdk/protocol'
import { createPublicClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { type Key, roles } from '../../scripts/localnet/accounts.ts'
import { startChain } from '../../scripts/localnet/chain.ts'
import { type Child, startChild } from '../../scripts/localnet/child.ts'
import { deploy } from '../../scripts/localnet/deploy.ts'
import { openMarket } from '../../scripts/localnet/marketplace.ts'
import type { Ports } from '../../scripts/localnet/ports.ts'
import { ROOT } from '../architecture/sources.ts'

const READY_TIMEOUT_MS = 90_000
const STAKE = 1_000n * ARIA
const SLOTS = 4

export interface FailoverMarketInit {
  dataDir: string
  ports: Ports
  providers: number
  modelPath: string
  env: Record<string, string | undefined>
  onStep: (text: string) => void
  signal: AbortSignal
}

/** One provider as a process of its own, which can be killed and started again with what its disk holds. */
export interface ProviderProcess {
  node: Address
  dataDir: string
  isUp(): boolean
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** A chain, providers and one client: what failing over needs, and nothing else. */
export interface FailoverMarket {
  deployment: Deployment
  rpcUrl: string
  modelId: Hex
  providers: ProviderProcess[]
  client: Client
  stop(): Promise<void>
}

export async function startFailoverMarket(init: FailoverMarketInit): Promise<FailoverMarket> {
  const cleanups: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  }
  try {
    return await build(init, cleanups, stop)
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

async function build(
  { dataDir, ports, providers: count, modelPath, env, onStep, signal }: FailoverMarketInit,
  cleanups: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<FailoverMarket> {
  const logDir = join(dataDir, 'logs')
  mkdirSync(logDir, { recursive: true })
  const ready = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)])
  const chain = await startChain({ dataDir, logDir, port: ports.chain, env }, ready)
  cleanups.push(() => chain.child.stop())
  const deploymentFile = join(dataDir, 'deployment.json')
  const paths = { root: ROOT, deploymentFile, logDir, dataDir }
  const deployment = await deploy({ ...paths, rpcUrl: chain.url, env }, ready)
  onStep('Chain and contracts ready')

  const market = openMarket(chain.url, deployment)
  const { id: modelId, manifest } = await modelManifest(modelPath, { cacheDir: dataDir })
  await market.registerModel(manifest)
  const keys = Array.from({ length: count }, (_, index) => ({
    operator: roles.providerOperator(index),
    node: roles.providerNode(index),
  }))
  await Promise.all([
    ...keys.map(({ operator, node }) => market.enrol('provider', operator, node, STAKE)),
    market.fundClient(roles.client()),
  ])
  const addresses: string[] = []
  const providers = keys.map((key, index) =>
    providerProcess({
      ...{ ...key, index, addresses, logDir, env, signal },
      dataDir: join(dataDir, `provider-${index}`),
      settings: {
        ...{ ARIA_RPC_URL: chain.url, ARIA_DEPLOYMENT: deploymentFile, ARIA_MODEL: modelPath },
        ...{ ARIA_LISTEN: `/ip4/127.0.0.1/tcp/${ports.provider + index}`, ARIA_THREADS: '1' },
        ...{ ARIA_PRICE_IN: '0.5', ARIA_PRICE_OUT: '2', ARIA_SLOTS: String(SLOTS) },
      },
    }),
  )
  cleanups.push(() => Promise.all(providers.map(provider => provider.stop())))
  for (const provider of providers) await provider.start()
  onStep(`${count} providers serve`)

  const host = await createHost({ privateKey: generatePrivateKey(), bootstrap: addresses })
  cleanups.push(async () => await host.stop())
  const store = openStore(':memory:')
  const client = createClient(
    { deployment },
    {
      ...{ host, store },
      publicClient: createPublicClient({ transport: http(chain.url, { batch: true }) }),
      wallet: privateKeyToAccount(roles.client().privateKey),
      sessionSigner: keySigner(generatePrivateKey()),
    },
  )
  cleanups.push(() => client.close())
  return { deployment, rpcUrl: chain.url, modelId, providers, client, stop }
}

interface ProcessInit {
  index: number
  operator: Key
  node: Key
  dataDir: string
  /** Where the providers listen, by index: a new one finds the others there. */
  addresses: string[]
  settings: Record<string, string>
  logDir: string
  env: Record<string, string | undefined>
  signal: AbortSignal
}

function providerProcess(init: ProcessInit): ProviderProcess & { stop(): Promise<void> } {
  const { index, node, operator, addresses, logDir, dataDir, signal } = init
  let child: Child | undefined
  let isUp = false

  return {
    node: node.address,
    dataDir,
    isUp: () => isUp,
    async kill() {
      isUp = false
      if (child === undefined) return
      process.kill(child.pid, 'SIGKILL')
      await child.exited
    },
    async start() {
      child = startChild(
        {
          name: `provider-${index}`,
          command: process.execPath,
          args: [
            '--disable-warning=ExperimentalWarning',
            ...[join(ROOT, 'node', 'bin', 'aria.mjs'), 'provider', 'start'],
          ],
          env: {
            ...init.settings,
            ...{ ARIA_DATA_DIR: dataDir, ARIA_NODE_KEY: node.privateKey, ARIA_OPERATOR: operator.address },
            ARIA_BOOTSTRAP: addresses.filter((_, at) => at !== index).join(','),
          },
          logFile: join(logDir, `provider-${index}.log`),
          ipc: true,
        },
        init.env,
      )
      const started = child
      const limit = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)])
      const { multiaddrs } = await started.ready(limit)
      addresses[index] = (multiaddrs as string[])[0]!
      isUp = true
    },
    stop: async () => await child?.stop(),
  }
}
