import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadModel } from '@aria/engine'
import { modelManifest } from '@aria/node'
import { ARIA, type Deployment } from '@aria/sdk/protocol'
import { type Key, roles } from './accounts.ts'
import { hasChainState, startChain } from './chain.ts'
import { type Child, startChild } from './child.ts'
import { deploy } from './deploy.ts'
import { openMarket } from './marketplace.ts'
import { type Ports, requireFreePorts } from './ports.ts'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const READY_TIMEOUT_MS = 90_000
const AUDITORS = 3

export interface ProviderSpec {
  name: string
  /** ARIA per million tokens. */
  priceIn: string
  priceOut: string
  slots: number
  stake: bigint
  /** Script to start instead of the shipped provider (a test's tamperer). */
  script?: string
}

/** Three operators that differ in price and stake, so that choosing between them is visible. */
export const PROVIDERS: readonly ProviderSpec[] = [
  { name: 'amber', priceIn: '0.50', priceOut: '2.00', slots: 4, stake: 1_000n * ARIA },
  { name: 'birch', priceIn: '0.45', priceOut: '1.80', slots: 4, stake: 1_500n * ARIA },
  { name: 'cedar', priceIn: '0.60', priceOut: '2.40', slots: 4, stake: 2_000n * ARIA },
]

export interface LocalnetInit {
  dataDir: string
  fresh: boolean
  ports: Ports
  providers?: readonly ProviderSpec[]
  modelPath?: string
  env: Record<string, string | undefined>
  /** One line per finished step. */
  onStep?: (text: string) => void
  signal?: AbortSignal
}

export interface RunningProvider {
  spec: ProviderSpec
  operator: Key
  node: Key
  multiaddrs: string[]
}

export interface Localnet {
  dashboardUrl: string
  apiUrl: string
  rpcUrl: string
  deployment: Deployment
  providers: RunningProvider[]
  logDir: string
  client: Key
  children: readonly Child[]
  /** Resolves with a sentence when any process ends by itself. */
  readonly failed: Promise<string>
  stop(): Promise<void>
}

/** Starts the whole market on this machine; on failure or abort everything already started is stopped again. */
export async function startLocalnet(init: LocalnetInit): Promise<Localnet> {
  const children: Child[] = []
  const stop = async () => {
    // Everything that uses the chain leaves before the chain, which saves its state last.
    const [chain, ...others] = children
    await Promise.all(others.map(child => child.stop()))
    await chain?.stop()
  }
  try {
    return await start(init, children, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(init: LocalnetInit, children: Child[], stop: () => Promise<void>): Promise<Localnet> {
  const { dataDir, ports, env } = init
  const specs = init.providers ?? PROVIDERS
  const step = init.onStep ?? (() => {})
  const signal = AbortSignal.any([
    AbortSignal.timeout(READY_TIMEOUT_MS),
    ...(init.signal ? [init.signal] : []),
  ])
  const modelPath = init.modelPath ?? join(ROOT, 'models', 'aria-1.gguf')
  if (init.fresh) rmSync(dataDir, { recursive: true, force: true })
  const logDir = join(dataDir, 'logs')
  mkdirSync(logDir, { recursive: true })
  await requireFreePorts(ports, specs.length)
  const deploymentFile = join(dataDir, 'deployment.json')
  forgetOrphanedDeployment(dataDir, deploymentFile)

  step(`Engine answers (${await engineKernels(modelPath)} kernels)`)
  const chain = await startChain({ dataDir, logDir, port: ports.chain, env }, signal)
  children.push(chain.child)
  step(`Local chain at ${chain.url}`)

  const deployment = await deploy(
    { root: ROOT, rpcUrl: chain.url, deploymentFile, logDir, dataDir, env },
    signal,
  )
  step(`Contracts deployed (Escrow ${deployment.contracts.escrow})`)

  const { manifest } = await modelManifest(modelPath, { cacheDir: dataDir })
  const market = openMarket(chain.url, deployment)
  await market.registerModel(manifest)
  const providers = specs.map((spec, index) => ({
    spec,
    operator: roles.providerOperator(index),
    node: roles.providerNode(index),
  }))
  const auditors = Array.from({ length: AUDITORS }, (_, index) => ({
    operator: roles.auditorOperator(index),
    node: roles.auditorNode(index),
  }))
  const client = roles.client()
  await Promise.all([
    ...providers.map(({ spec, operator, node }) => market.enrol('provider', operator, node, spec.stake)),
    ...auditors.map(({ operator, node }) =>
      market.enrol('verifier', operator, node, deployment.params.slotStake),
    ),
    market.fundClient(client),
  ])
  step(`${providers.length} providers and ${auditors.length} auditors staked, client funded`)

  const common = { ARIA_RPC_URL: chain.url, ARIA_DEPLOYMENT: deploymentFile, ARIA_MODEL: modelPath }
  const aria = join(ROOT, 'node', 'bin', 'aria.mjs')
  const launch = (name: string, args: string[], extra: Record<string, string>): Child => {
    const child = startChild(
      {
        name,
        command: process.execPath,
        args: ['--disable-warning=ExperimentalWarning', ...args],
        env: { ...common, ARIA_DATA_DIR: join(dataDir, name), ...extra },
        logFile: join(logDir, `${name}.log`),
        ipc: true,
      },
      env,
    )
    children.push(child)
    return child
  }

  // The first provider introduces the others, so it comes first; the rest start side by side.
  const running: RunningProvider[] = []
  const startProvider = async (index: number, bootstrap: string) => {
    const { spec, operator, node } = providers[index]!
    const child = launch(spec.name, spec.script ? [spec.script] : [aria, 'provider', 'start'], {
      ARIA_NODE_KEY: node.privateKey,
      ARIA_OPERATOR: operator.address,
      ARIA_LISTEN: `/ip4/127.0.0.1/tcp/${ports.provider + index}`,
      ARIA_BOOTSTRAP: bootstrap,
      ARIA_PRICE_IN: spec.priceIn,
      ARIA_PRICE_OUT: spec.priceOut,
      ARIA_SLOTS: String(spec.slots),
      ARIA_THREADS: '1',
    })
    const { multiaddrs } = await child.ready(signal)
    running[index] = { spec, operator, node, multiaddrs: multiaddrs as string[] }
  }
  await startProvider(0, '')
  const bootstrap = running[0]!.multiaddrs.join(',')
  await Promise.all(providers.slice(1).map((_, index) => startProvider(index + 1, bootstrap)))
  step(`Providers ${running.map(({ spec }) => spec.name).join(', ')} serving`)

  const indexer = launch('indexer', [join(ROOT, 'indexer', 'main.ts')], {
    ARIA_BOOTSTRAP: bootstrap,
    ARIA_PORT: String(ports.dashboard),
    ARIA_AUDITOR_KEYS: auditors.map(({ node }) => node.privateKey).join(','),
    ARIA_BEACON_KEY: roles.beacon().privateKey,
  })
  const gateway = launch('gateway', [aria, 'gateway'], {
    ARIA_BOOTSTRAP: bootstrap,
    ARIA_PORT: String(ports.gateway),
    ARIA_CLIENT_KEY: client.privateKey,
    ARIA_PRIVACY: 'public',
    ARIA_TOKENIZER: modelPath,
  })
  await Promise.all([indexer.ready(signal), gateway.ready(signal)])
  step('Indexer, auditors and gateway ready')

  return {
    dashboardUrl: `http://127.0.0.1:${ports.dashboard}`,
    apiUrl: `http://127.0.0.1:${ports.gateway}/v1`,
    rpcUrl: chain.url,
    deployment,
    providers: running,
    logDir,
    client,
    children,
    failed: Promise.race(children.map(child => child.exited.then(how => `${child.name} ended (${how})`))),
    stop,
  }
}

/** Loads the model once, so that a CPU or file that cannot work is told before anything is started. */
async function engineKernels(modelPath: string): Promise<string> {
  const model = await loadModel(modelPath)
  await model.close()
  return model.info.kernels
}

/** A deployment file without its chain is worthless: the chain's state is the truth. */
function forgetOrphanedDeployment(dataDir: string, deploymentFile: string): void {
  if (!hasChainState(dataDir)) rmSync(deploymentFile, { force: true })
}
