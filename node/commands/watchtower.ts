import { readFileSync, statSync, writeFileSync } from 'node:fs'
import {
  AriaError,
  deployed,
  type Hex,
  keySigner,
  PARCEL_BYTES_MAX,
  PARCEL_ROWS_MAX,
} from '@aria/sdk/protocol'
import { Command } from 'commander'
import {
  type Environment,
  environment,
  moneyConfig,
  type WatchtowerConfig,
  watchtowerConfig,
} from '../config.ts'
import type { Tower } from '../watchtower/tower.ts'
import { asVariables, type Flag, withFlags } from './flags.ts'
import { printJson } from './output.ts'
import { serveUntilStopped, stopSignal } from './until-stopped.ts'

const CHAIN_FLAGS: readonly Flag[] = [
  ['--deployment <file>', 'ARIA_DEPLOYMENT', "file written by the contracts' deployment"],
  ['--rpc-url <url>', 'ARIA_RPC_URL', "the chain's JSON-RPC"],
  ['--data-dir <dir>', 'ARIA_DATA_DIR', "the watchtower's own books and key"],
  ['--key <key>', 'ARIA_WALLET_KEY', 'key of a wallet that pays gas: hex, or a file'],
  ['--nodes <addresses>', 'ARIA_WATCHTOWER_NODES', 'node keys whose vouchers are kept, comma separated'],
  ['--after-seconds <count>', 'ARIA_WATCHTOWER_SECONDS', 'redeem what waits longer (default: a day)'],
  ['--log-level <level>', 'ARIA_LOG_LEVEL', 'fatal, error, warn, info, debug, trace or silent'],
]
const SERVE_FLAGS: readonly Flag[] = [
  ['--host <address>', 'ARIA_HOST', 'address to listen on (default: 127.0.0.1)'],
  ['--port <port>', 'ARIA_PORT', 'port to listen on (default: 4640)'],
]
const EXPORT_FLAGS: readonly Flag[] = [
  ['--deployment <file>', 'ARIA_DEPLOYMENT', "file written by the contracts' deployment"],
  ['--data-dir <dir>', 'ARIA_DATA_DIR', "the provider's books and node key"],
  ['--operator <address>', 'ARIA_OPERATOR', 'address that staked'],
  ['--payee <address>', 'ARIA_PAYEE', 'who is paid (default: the operator)'],
  ['--node-key <key>', 'ARIA_WALLET_KEY', 'file with the node key (default: the one in the data directory)'],
]
const TOWER_INTERVAL_MS = 5_000

export function watchtowerCommand(): Command {
  const tower = new Command('watchtower').description(
    "Keep a provider's best vouchers elsewhere, and redeem them in its place when its payer withdraws",
  )
  tower
    .command('key')
    .description('Print the public key that parcels are sealed to; made on first use')
    .option('--data-dir <dir>', "the watchtower's data directory [ARIA_DATA_DIR]")
    .action(({ dataDir }: { dataDir?: string }) => printKey(dataDir))
  const run = withFlags(tower.command('run'), [...CHAIN_FLAGS, ...SERVE_FLAGS])
    .description('Take parcels over HTTP (POST /parcels) and watch their channels')
    .action(() => serve(settings(run, [...CHAIN_FLAGS, ...SERVE_FLAGS])))
  const importing = withFlags(tower.command('import'), CHAIN_FLAGS)
    .description('Take a parcel from a file; "run" redeems it, or add --redeem')
    .argument('<file>', 'what "export" wrote')
    .option('--redeem', 'redeem everything that is kept now')
    .action((file: string) =>
      importParcel(settings(importing, CHAIN_FLAGS), file, importing.opts()['redeem'] === true),
    )
  const exporting = withFlags(tower.command('export'), EXPORT_FLAGS)
    .description(
      "Write the provider's unredeemed vouchers into a file, sealed to a watchtower; works while it runs",
    )
    .argument('<file>', 'where to write; never overwritten')
    .requiredOption('--to <key>', 'what "aria watchtower key" printed')
    .action((file: string) => exportParcel(settings(exporting, EXPORT_FLAGS), file, exporting.opts()['to']))
  return tower
}

const settings = (command: Command, flags: readonly Flag[]): Environment => ({
  ...environment(),
  ...asVariables(command, flags),
})

async function printKey(dataDir: string | undefined): Promise<void> {
  const { towerKey } = await import('../watchtower/key.ts')
  printJson({ publicKey: towerKey(dataDir ?? environment()['ARIA_DATA_DIR'] ?? '.aria').publicKey })
}

async function openTower(config: WatchtowerConfig): Promise<{ tower: Tower; publicKey: Hex }> {
  const [{ connectChain }, { tower }, { towerKey }, { createLog }] = await Promise.all([
    import('../chain/client.ts'),
    import('../watchtower/tower.ts'),
    import('../watchtower/key.ts'),
    import('../observe/log.ts'),
  ])
  const chain = await connectChain(config.rpcUrl, config.deployment)
  const key = towerKey(config.dataDir)
  const log = createLog(config.logLevel, 'watchtower')
  return { tower: tower({ ...config, chain, key, log }), publicKey: key.publicKey }
}

async function serve(env: Environment): Promise<void> {
  const stop = stopSignal()
  const config = watchtowerConfig(env)
  const [{ serveTower }, { every }, { createLog }] = await Promise.all([
    import('../watchtower/server.ts'),
    import('../beat.ts'),
    import('../observe/log.ts'),
  ])
  const { tower, publicKey } = await openTower(config)
  const log = createLog(config.logLevel, 'watchtower')
  const server = await serveTower(tower, config.host, config.port, log)
  const beat = every(TOWER_INTERVAL_MS, 'watchtower', log, () => tower.beat())
  printJson({ event: 'ready', url: server.url, publicKey })
  const close = async () => {
    await server.close()
    await beat.stop()
    tower.close()
  }
  await serveUntilStopped(close, stop)
}

async function importParcel(env: Environment, file: string, redeems: boolean): Promise<void> {
  const { tower } = await openTower(watchtowerConfig(env))
  try {
    printJson({ event: 'taken', ...(await tower.take(readParcel(file))) })
    if (redeems) await tower.collect()
  } finally {
    tower.close()
  }
}

function readParcel(file: string): Uint8Array {
  try {
    if (statSync(file).size <= PARCEL_BYTES_MAX) return readFileSync(file)
  } catch (cause) {
    throw new AriaError('not_found', `Cannot read "${file}".`, {
      hint: 'Give a file that "export" wrote.',
      cause,
    })
  }
  throw new AriaError(
    'frame_too_large',
    `"${file}" has more than ${PARCEL_BYTES_MAX} bytes: it is no parcel.`,
  )
}

async function exportParcel(env: Environment, file: string, to: string): Promise<void> {
  const { exportVouchers } = await import('../watchtower/export.ts')
  const { nodeKeyOf } = await import('../money/node-key.ts')
  const config = moneyConfig(env)
  const { payee, deployment, dataDir } = config
  if (payee === undefined)
    throw new AriaError('bad_config', 'ARIA_PAYEE is not set.', { hint: 'Set ARIA_PAYEE or ARIA_OPERATOR.' })
  if (!/^0x[0-9a-fA-F]{64}$/.test(to))
    throw new AriaError('bad_config', `--to is "${to}": expected 0x and 64 hex digits.`, {
      hint: 'Take the key that "aria watchtower key" printed.',
    })
  const signer = keySigner(config.walletKey ?? nodeKeyOf(dataDir))
  const where = { payee, deployed: deployed(deployment), signer, tower: to as Hex }
  const { sealed, channels, left } = await exportVouchers(dataDir, where)
  // Whoever overwrites a parcel may lose the better one.
  writeFileSync(file, sealed, { flag: 'wx', mode: 0o600 })
  printJson({ event: 'written', file, channels, left, limit: PARCEL_ROWS_MAX })
}
