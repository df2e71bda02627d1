// The command line of deploy.ts.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Address, getAddress, isAddress } from 'viem'
import { report } from '../../scripts/checks.ts'
import { deployerKey, rpcUrl } from './config.ts'
import { deploy, networkParameters } from './deploy.ts'
import { toJson } from './deployment.ts'
import { dryRun, dryRunChecks, dryRunTable } from './dry-run.ts'
import { factsTable } from './verify.ts'

const LOCAL_RPC = 'http://127.0.0.1:8545'
const USAGE =
  'Usage: npm run deploy -- --network NAME [--rpc URL] [--out FILE] [--dry-run [--json]] [--state-dir DIR] [--genesis SECONDS] [--governor|--proposer|--guardian|--treasury|--beacon-operator ADDRESS]'

const string = { type: 'string' } as const
const boolean = { type: 'boolean' } as const
const OPTIONS = {
  rpc: string,
  network: string,
  out: string,
  'state-dir': string,
  genesis: string,
  governor: string,
  proposer: string,
  guardian: string,
  treasury: string,
  'beacon-operator': string,
  'dry-run': boolean,
  json: boolean,
  help: boolean,
} as const

export async function main(): Promise<void> {
  try {
    await run()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help === true || values.network === undefined) throw new Error(USAGE)
  const params = networkParameters(values.network)
  const url = values.rpc ?? rpcUrl()
  const isLocal = params.beacon === 'local'
  if (url === undefined && !isLocal) {
    throw new Error(`${params.network} needs an RPC endpoint: pass --rpc URL or set ARIA_RPC_URL.`)
  }
  const privateKey = deployerKey()
  if (privateKey === undefined && !isLocal) {
    throw new Error(`${params.network} needs the deployer's private key: set ARIA_DEPLOYER_KEY.`)
  }
  const options = defined({
    network: values.network,
    privateKey,
    genesis: parseSeconds('genesis', values.genesis),
    governor: parseAddress('governor', values.governor),
    proposer: parseAddress('proposer', values.proposer),
    guardian: parseAddress('guardian', values.guardian),
    treasury: parseAddress('treasury', values.treasury),
    beaconOperator: parseAddress('beacon-operator', values['beacon-operator']),
  })

  if (values['dry-run'] === true) {
    const result = await dryRun({ ...options, network: values.network, rpcUrl: url })
    process.stderr.write(dryRunTable(result))
    if (values.json === true) process.stdout.write(`${JSON.stringify(report(dryRunChecks(result)))}\n`)
    return
  }
  const out = values.out ?? fileURLToPath(new URL(`../deployments/${params.network}.json`, import.meta.url))
  const deployment = await deploy({
    ...options,
    ...defined({ stateDir: values['state-dir'] }),
    network: values.network,
    rpcUrl: url ?? LOCAL_RPC,
    out,
    onVerified: facts => process.stderr.write(factsTable(facts)),
  })
  process.stdout.write(`${toJson(deployment.contracts).trimEnd()}\n`)
}

function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function parseAddress(name: string, value: string | undefined): Address | undefined {
  if (value === undefined) return undefined
  if (!isAddress(value)) throw new Error(`--${name} must be an address, not ${value}.`)
  return getAddress(value)
}

function parseSeconds(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,12}$/.test(value)) throw new Error(`--${name} must be a timestamp in seconds, not ${value}.`)
  return Number(value)
}
