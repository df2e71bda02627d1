import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AriaError } from '@aria/sdk/protocol'
import { createPublicClient, createTestClient, http, publicActions } from 'viem'
import { DEV_ACCOUNTS, DEV_MNEMONIC } from './accounts.ts'
import { type Child, startChild } from './child.ts'

export const LOCAL_CHAIN_ID = 31337
/** Mines every transaction at once, and an empty block when nothing happened, so that chain time flows. */
const BLOCK_SECONDS = 2
/** A crash of the machine loses at most this much of the chain; the indexer treats it as a reorg. */
const STATE_SECONDS = 10
const POLL_MS = 100

export interface Chain {
  url: string
  child: Child
}

/** anvil's binary: npm's package for this platform. */
function anvilPath(): string {
  const platform = process.platform === 'darwin' ? 'darwin' : 'linux'
  const cpu = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const wrapper = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  try {
    return createRequire(wrapper).resolve(`@foundry-rs/anvil-${platform}-${cpu}/bin/anvil`)
  } catch (cause) {
    throw new AriaError(
      'bad_config',
      `The local chain (anvil) has no build for ${platform}-${cpu} in node_modules.`,
      {
        hint: 'Run `npm ci` again with optional dependencies enabled.',
        cause,
      },
    )
  }
}

/** Starts the local chain; its state lives in `dataDir` and survives a restart. */
export async function startChain(
  {
    dataDir,
    logDir,
    port,
    env,
  }: { dataDir: string; logDir: string; port: number; env: Record<string, string | undefined> },
  signal: AbortSignal,
): Promise<Chain> {
  const url = `http://127.0.0.1:${port}`
  const child = startChild(
    {
      name: 'chain',
      command: process.execPath,
      args: [
        ...[
          '--disable-warning=ExperimentalWarning',
          fileURLToPath(new URL('guard.ts', import.meta.url)),
          anvilPath(),
        ],
        ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(LOCAL_CHAIN_ID)],
        ...['--accounts', String(DEV_ACCOUNTS), '--mnemonic', DEV_MNEMONIC, '--hardfork', 'prague'],
        ...['--state', join(dataDir, 'chain.json'), '--state-interval', String(STATE_SECONDS)],
        ...['--block-time', String(BLOCK_SECONDS), '--mixed-mining', '--silent'],
      ],
      logFile: join(logDir, 'chain.log'),
      ipc: true,
    },
    env,
  )
  await Promise.race([answers(url, signal), child.exited.then(how => exitedEarly(how, logDir))])
  return { url, child }
}

/** Whether an earlier run left a chain to continue. */
export function hasChainState(dataDir: string): boolean {
  return existsSync(join(dataDir, 'chain.json'))
}

async function answers(url: string, signal: AbortSignal): Promise<void> {
  const client = createPublicClient({ transport: http(url, { retryCount: 0 }) })
  for (;;) {
    if (signal.aborted) throw new AriaError('chain_unreachable', `The local chain did not answer at ${url}.`)
    const id = await client.getChainId().catch(() => undefined)
    if (id === LOCAL_CHAIN_ID) return await leaveGenesis(url)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/**
 * Nothing may rest on block 0: anvil adds a new genesis block to its state at every restart, and from the second one
 * on answers with any of them.
 */
async function leaveGenesis(url: string): Promise<void> {
  const client = createTestClient({ mode: 'anvil', transport: http(url) }).extend(publicActions)
  if ((await client.getBlockNumber()) === 0n) await client.mine({ blocks: 1 })
}

function exitedEarly(how: string, logDir: string): never {
  throw new AriaError('internal', `The local chain ended at once (${how}).`, {
    hint: `Its log: ${join(logDir, 'chain.log')}`,
  })
}
