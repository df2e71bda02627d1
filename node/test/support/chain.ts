import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ARIA, type Deployment, type Hex, parseDeployment } from '@aria/sdk/protocol'
import { createTestClient, http } from 'viem'
import { deploy } from '../../../contracts/scripts/deploy.ts'
import { toJson } from '../../../contracts/scripts/deployment.ts'
import { roles } from '../../../scripts/localnet/accounts.ts'
import { openMarket } from '../../../scripts/localnet/marketplace.ts'
import { modelManifest } from '../../inference/manifest.ts'

export const MODEL_PATH = fileURLToPath(new URL('../../../models/aria-1.gguf', import.meta.url))

/** A real chain with the real contracts, the built-in model registered, one staked provider and a client with tokens. */
export interface TestChain {
  rpcUrl: string
  deployment: Deployment
  deploymentFile: string
  modelId: Hex
  dir: string
  /** Moves the chain's clock to `seconds`, which lies ahead. */
  advanceTo(seconds: number): Promise<void>
  close(): Promise<void>
}

export async function startTestChain(): Promise<TestChain> {
  const dir = mkdtempSync(join(tmpdir(), 'aria-node-'))
  const { child, rpcUrl } = await startAnvil()
  const close = async () => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    const deploymentFile = join(dir, 'deployment.json')
    const beaconOperator = roles.beacon().address
    const genesis = Math.floor(Date.now() / 1000)
    const written = await deploy({ rpcUrl, network: 'local', out: deploymentFile, genesis, beaconOperator })
    const deployment = parseDeployment(JSON.parse(toJson(written)), deploymentFile)
    const market = openMarket(rpcUrl, deployment)
    const { manifest } = await modelManifest(MODEL_PATH)
    const modelId = await market.registerModel(manifest)
    await market.enrol('provider', roles.providerOperator(0), roles.providerNode(0), 2_000n * ARIA)
    await market.enrol('verifier', roles.auditorOperator(0), roles.auditorNode(0), 1_000n * ARIA)
    await market.fundClient(roles.client())
    const advanceTo = (seconds: number) => advance(rpcUrl, seconds)
    return { rpcUrl, deployment, deploymentFile, modelId, dir, advanceTo, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

async function advance(rpcUrl: string, seconds: number): Promise<void> {
  const client = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
  await client.setNextBlockTimestamp({ timestamp: BigInt(seconds) })
  await client.mine({ blocks: 1 })
}

async function startAnvil(): Promise<{ child: ChildProcess; rpcUrl: string }> {
  const wrapper = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  const cpu = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const anvil = createRequire(wrapper).resolve(`@foundry-rs/anvil-linux-${cpu}/bin/anvil`)
  const child = spawn(anvil, ['--port', '0', '--accounts', '64', '--block-time', '1', '--mixed-mining'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /Listening on (\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    child.stdout!.resume()
    return { child, rpcUrl: `http://${address}` }
  }
  throw new Error('anvil ended before it listened.')
}
