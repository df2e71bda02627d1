import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Deployment, parseDeployment } from '@aria/sdk/protocol'
import { publicClient } from '../../chain.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const TRIES_MAX = 100

export interface TestChain {
  rpcUrl: string
  deployment: Deployment
  deploymentFile: string
  /** Any development call: anvil_mine, anvil_reorg, evm_increaseTime. */
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A real chain with the real contracts, mining on demand. */
export async function startChain(port?: number): Promise<TestChain> {
  const directory = await mkdtemp(join(tmpdir(), 'aria-indexer-'))
  const used = port ?? (await freePort())
  const rpcUrl = `http://127.0.0.1:${used}`
  const anvil = spawn(join(root, 'node_modules/.bin/anvil'), ['--port', String(used), '--silent'], {
    stdio: 'ignore',
  })
  const rpc = <T>(method: string, params: readonly unknown[] = []) => call<T>(rpcUrl, method, params)
  await untilAnswering(rpcUrl)
  const deploymentFile = join(directory, 'deployment.json')
  const deploy = [
    'contracts/scripts/deploy.ts',
    '--rpc',
    rpcUrl,
    '--network',
    'local',
    '--out',
    deploymentFile,
  ]
  await promisify(execFile)(process.execPath, deploy, { cwd: root })
  const deployment = parseDeployment(JSON.parse(await readFile(deploymentFile, 'utf8')), deploymentFile)
  return {
    rpcUrl,
    deployment,
    deploymentFile,
    rpc,
    stop: async () => {
      await end(anvil)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

async function untilAnswering(rpcUrl: string): Promise<void> {
  const client = publicClient(rpcUrl)
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      await client.getChainId()
      return
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`anvil does not answer at ${rpcUrl}.`)
}

async function call<T>(rpcUrl: string, method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } }
  if (error !== undefined) throw new Error(`${method}: ${error.message}`)
  return result
}
