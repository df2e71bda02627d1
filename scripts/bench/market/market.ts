// A whole market for measuring: chain, contracts, staked providers as shipped, funded buyers. Everything is stopped again.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { modelManifest } from '@aria/node'
import { ARIA, type Hex, toHex } from '@aria/sdk/protocol'
import { createTestClient, http, parseEther } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { DEV_MNEMONIC, type Key, roles } from '../../localnet/accounts.ts'
import { startChain } from '../../localnet/chain.ts'
import { localnetConfig } from '../../localnet/config.ts'
import { deploy } from '../../localnet/deploy.ts'
import { openMarket } from '../../localnet/marketplace.ts'
import { startWorker, type Worker } from './workers.ts'

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
const HERE = fileURLToPath(new URL('.', import.meta.url))
const READY_TIMEOUT_MS = 300_000
const STAKE = 1_000n * ARIA
/** Buyers' accounts begin where the roles of the local market end. */
const BUYER_ACCOUNT_FIRST = 100
/** As on a public network: money is collected twice a day. */
const REDEEM_SECONDS = 43_200

export interface MarketInit {
  modelPath: string
  /** Staked providers. */
  providers: number
  /** How many of them serve from the start; all unless given. */
  started?: number
  buyers: number
  /** Cores of each provider; undefined leaves it to the system. */
  providerCores: string | undefined
  /** Variables of the provider's configuration. */
  providerEnv: Record<string, string>
  log(text: string): void
  signal: AbortSignal
}

export interface Market {
  providers: Worker[]
  /** One more of the staked providers begins to serve. */
  addProvider(): Promise<Worker>
  /** Opens one process that holds all buyers. */
  buyers(): Promise<Worker>
  dir: string
  stop(): Promise<void>
}

export async function startMarket(init: MarketInit): Promise<Market> {
  const dir = mkdtempSync(join(tmpdir(), 'aria-bench-'))
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    // Everything that uses the chain leaves before the chain.
    for (const each of stops.splice(0).reverse()) await each()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    return await start(init, dir, stops, stop)
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

async function start(
  init: MarketInit,
  dir: string,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Market> {
  const { log, modelPath } = init
  const signal = AbortSignal.any([init.signal, AbortSignal.timeout(READY_TIMEOUT_MS)])
  const env = localnetConfig()
  const logDir = join(dir, 'logs')
  mkdirSync(logDir)
  const chain = await startChain({ dataDir: dir, logDir, port: await freePort(), env }, signal)
  stops.push(() => chain.child.stop())
  const deploymentFile = join(dir, 'deployment.json')
  const deployment = await deploy(
    { root: ROOT, rpcUrl: chain.url, deploymentFile, logDir, dataDir: dir, env },
    signal,
  )
  const { id: modelId, manifest } = await modelManifest(modelPath, { cacheDir: dir })
  const market = openMarket(chain.url, deployment)
  await market.registerModel(manifest)
  const buyerKeys = Array.from({ length: init.buyers }, (_, at) => devKey(BUYER_ACCOUNT_FIRST + at))
  for (const key of buyerKeys) await fund(chain.url, key)
  await Promise.all([
    ...buyerKeys.map(key => market.fundClient(key)),
    ...Array.from({ length: init.providers }, (_, at) =>
      market.enrol('provider', roles.providerOperator(at), roles.providerNode(at), STAKE),
    ),
  ])
  log(`chain, contracts, ${init.providers} staked providers, ${init.buyers} funded buyers`)

  const providers: Worker[] = []
  const bootstrap: string[] = []
  const addProvider = async (): Promise<Worker> => {
    const at = providers.length
    const provider = startWorker({
      name: `provider-${at}`,
      args: [
        ...['--expose-gc', '--import', join(HERE, 'probe.ts')],
        ...[join(ROOT, 'node', 'bin', 'aria.mjs'), 'provider', 'start'],
      ],
      cores: init.providerCores,
      logFile: join(logDir, `provider-${at}.log`),
      env: {
        ...{ ARIA_RPC_URL: chain.url, ARIA_DEPLOYMENT: deploymentFile, ARIA_MODEL: modelPath },
        ARIA_DATA_DIR: join(dir, `provider-${at}`),
        ARIA_NODE_KEY: roles.providerNode(at).privateKey,
        ARIA_OPERATOR: roles.providerOperator(at).address,
        ARIA_LISTEN: `/ip4/127.0.0.1/tcp/${await freePort()}`,
        ARIA_BOOTSTRAP: bootstrap.slice(0, 1).join(','),
        ...{ ARIA_REDEEM_SECONDS: String(REDEEM_SECONDS), ARIA_LOG_LEVEL: 'warn' },
        ...init.providerEnv,
      },
    })
    stops.push(() => provider.stop())
    providers.push(provider)
    const { multiaddrs } = await Promise.race([provider.ready, aborted(init.signal)])
    bootstrap.push(...(multiaddrs as string[]))
    return provider
  }
  const started = init.started ?? init.providers
  while (providers.length < started) await addProvider()
  log(`${started} of ${init.providers} providers serve`)
  return {
    providers,
    addProvider,
    dir,
    stop,
    buyers: async () => {
      const worker = startWorker({
        name: 'buyers',
        args: ['--expose-gc', join(HERE, 'buyers.ts')],
        logFile: join(logDir, 'buyers.log'),
      })
      stops.push(() => worker.stop())
      await worker.ready
      await worker.ask('open', {
        ...{ deploymentFile, rpcUrl: chain.url, dataDir: dir, bootstrap, modelId },
        walletKeys: buyerKeys.map(({ privateKey }) => privateKey),
      })
      return worker
    },
  }
}

function devKey(addressIndex: number): Key {
  const account = mnemonicToAccount(DEV_MNEMONIC, { addressIndex })
  return {
    address: account.address.toLowerCase() as Hex,
    privateKey: toHex(account.getHdKey().privateKey!),
  }
}

/** Gas for accounts beyond those that the development chain funds. */
async function fund(url: string, { address }: Key): Promise<void> {
  const client = createTestClient({ mode: 'anvil', transport: http(url) })
  await client.setBalance({ address, value: parseEther('100') })
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
