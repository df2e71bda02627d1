// Deploys the contracts with Ignition and writes the deployment file. Running it again verifies and reuses.
//   node contracts/scripts/deploy.ts --rpc URL --network local --out FILE [--state-dir DIR] [--genesis SECONDS]
//     [--governor ADDRESS] [--guardian ADDRESS] [--treasury ADDRESS] [--beacon-operator ADDRESS]
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  type ArtifactResolver,
  type DeploymentParameters,
  deploy as ignite,
} from '@nomicfoundation/ignition-core'
import {
  type Address,
  getAddress,
  getContractAddress,
  type Hex,
  hexToNumber,
  isAddress,
  zeroAddress,
} from 'viem'
import { ariaModule, DEPLOYMENT_ORDER } from '../ignition/modules/aria.ts'
import { networks } from '../params/networks.ts'
import type { NetworkParameters } from '../params/parameters.ts'
import { deployerKey } from './config.ts'
import { CONTRACT_NAMES, type Deployment, readDeployment, toJson, writeDeployment } from './deployment.ts'
import { connect, type Provider } from './provider.ts'
import { expectSameParameters, verifyDeployment } from './verify.ts'

export interface DeployOptions {
  readonly rpcUrl: string
  readonly network: string
  /** The deployment file. */
  readonly out: string
  /** Ignition's journal, which makes an interrupted deployment resumable. Default: `${out}.state`. */
  readonly stateDir?: string
  /** Without a key, the endpoint's first account deploys. */
  readonly privateKey?: Hex
  /** Start of epoch 0, not in the future. Default: now. An earlier one makes the first stake count sooner. */
  readonly genesis?: number
  /** Default for each: the deployer. */
  readonly governor?: Address
  readonly guardian?: Address
  readonly treasury?: Address
  readonly beaconOperator?: Address
}

/** Everything the constructors get. Kept beside the journal: a resumed deployment must use the same values. */
interface Inputs {
  readonly genesis: number
  readonly blockNumber: number
  readonly minter: Address
  readonly roles: Deployment['roles']
}

export async function deploy(options: DeployOptions): Promise<Deployment> {
  const params = networks[options.network]
  if (params === undefined) {
    throw new Error(`Unknown network ${options.network}. Known: ${Object.keys(networks).join(', ')}.`)
  }
  if (params.beacon !== 'local') {
    throw new Error(`${params.network} needs the drand beacon contract, which does not exist yet.`)
  }
  const existing = await readDeployment(options.out)
  if (existing !== undefined) {
    expectSameParameters(existing, params)
    await verifyDeployment(options.rpcUrl, existing)
    return existing
  }

  const deployment = await deployNew(options, params)
  await verifyDeployment(options.rpcUrl, deployment)
  await writeDeployment(options.out, deployment)
  return deployment
}

async function deployNew(options: DeployOptions, params: NetworkParameters): Promise<Deployment> {
  const stateDir = options.stateDir ?? `${options.out}.state`
  await mkdir(stateDir, { recursive: true })
  const provider = await connect(options.rpcUrl, options.privateKey)
  const chainId = hexToNumber((await provider.request({ method: 'eth_chainId' })) as Hex)
  if (chainId !== params.chainId) {
    throw new Error(
      `${options.rpcUrl} is chain ${chainId}, but network ${params.network} is ${params.chainId}.`,
    )
  }
  const inputs = await loadInputs(join(stateDir, 'inputs.json'), () => chooseInputs(options, provider))

  const result = await ignite({
    ignitionModule: ariaModule,
    artifactResolver,
    provider,
    deploymentDir: join(stateDir, 'ignition'),
    accounts: [inputs.roles.deployer],
    defaultSender: inputs.roles.deployer,
    deploymentParameters: { Aria: constructorArguments(params, inputs) },
    // A development chain mines at once; a public one has its own rhythm and needs confirmations.
    config: params.beacon === 'local' ? { requiredConfirmations: 1, blockPollingInterval: 20 } : {},
  })
  if (result.type !== 'SUCCESSFUL_DEPLOYMENT') {
    throw new Error(`Deployment failed (${result.type}): ${toJson(result)}Its journal is in ${stateDir}.`)
  }
  const deployed = CONTRACT_NAMES.map(name => {
    const contract = Object.values(result.contracts).find(each => each.id === `Aria#${contractOf(name)}`)
    if (contract === undefined) throw new Error(`Ignition returned no address for ${name}.`)
    return [name, getAddress(contract.address)] as const
  })
  const contracts = Object.fromEntries(deployed) as Deployment['contracts']
  const { genesis, blockNumber, roles } = inputs
  return { network: params.network, chainId, genesis, blockNumber, contracts, roles, params }
}

/** CONTRACT_NAMES and DEPLOYMENT_ORDER list the same contracts in the same order. */
function contractOf(name: (typeof CONTRACT_NAMES)[number]): string {
  return DEPLOYMENT_ORDER[CONTRACT_NAMES.indexOf(name)]!
}

async function loadInputs(path: string, choose: () => Promise<Inputs>): Promise<Inputs> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text !== undefined) return JSON.parse(text) as Inputs
  const inputs = await choose()
  await writeFile(path, toJson(inputs))
  return inputs
}

async function chooseInputs(options: DeployOptions, provider: Provider): Promise<Inputs> {
  const [deployer] = (await provider.request({ method: 'eth_accounts' })) as Address[]
  if (deployer === undefined) throw new Error(`${options.rpcUrl} holds no account: set ARIA_DEPLOYER_KEY.`)
  const block = (await provider.request({ method: 'eth_getBlockByNumber', params: ['latest', false] })) as {
    readonly number: Hex
    readonly timestamp: Hex
  }
  const nonce = (await provider.request({
    method: 'eth_getTransactionCount',
    params: [deployer, 'latest'],
  })) as Hex
  const rewardsNonce = BigInt(nonce) + BigInt(DEPLOYMENT_ORDER.indexOf('Rewards'))
  return {
    genesis: options.genesis ?? hexToNumber(block.timestamp),
    blockNumber: hexToNumber(block.number),
    minter: getContractAddress({ from: deployer, nonce: rewardsNonce }),
    roles: {
      deployer: getAddress(deployer),
      governor: options.governor ?? getAddress(deployer),
      guardian: options.guardian ?? getAddress(deployer),
      treasury: options.treasury ?? getAddress(deployer),
      beaconOperator: options.beaconOperator ?? getAddress(deployer),
    },
  }
}

function constructorArguments(params: NetworkParameters, inputs: Inputs): DeploymentParameters[string] {
  const { minProvider, slot, unbond, challenge, slasherDelay } = params.staking
  return {
    time: { genesis: inputs.genesis, ...params.timetable },
    minter: inputs.minter,
    treasury: inputs.roles.treasury,
    governor: inputs.roles.governor,
    guardian: inputs.roles.guardian,
    beaconOperator: inputs.roles.beaconOperator,
    // The Court takes this seat later: by the constructor in a new deployment, or after `slasherDelay` in an old one.
    slasher: zeroAddress,
    staking: { minProvider, slot, unbond, challenge, slasherDelay },
    thaw: params.escrow.thaw,
    feePpm: params.escrow.feePpm,
    audits: { ...params.audits },
    rewards: { ...params.rewards, split: { ...params.rewards.split } },
  }
}

const artifactResolver: ArtifactResolver = {
  async loadArtifact(name) {
    const path = new URL(`../artifacts/src/${name}.sol/${name}.json`, import.meta.url)
    const text = await readFile(path, 'utf8').catch(() => {
      throw new Error(`No artifact of ${name}: run npm run build -w contracts.`)
    })
    return JSON.parse(text)
  },
  async getBuildInfo() {
    return undefined
  },
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

async function main(): Promise<void> {
  const string = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      rpc: string,
      network: string,
      out: string,
      'state-dir': string,
      genesis: string,
      governor: string,
      guardian: string,
      treasury: string,
      'beacon-operator': string,
    },
  })
  if (values.rpc === undefined || values.network === undefined || values.out === undefined) {
    throw new Error(
      'Usage: deploy.ts --rpc URL --network NAME --out FILE [--state-dir DIR] [--genesis SECONDS]',
    )
  }
  const optional = {
    stateDir: values['state-dir'],
    privateKey: deployerKey(),
    genesis: parseSeconds('genesis', values.genesis),
    governor: parseAddress('governor', values.governor),
    guardian: parseAddress('guardian', values.guardian),
    treasury: parseAddress('treasury', values.treasury),
    beaconOperator: parseAddress('beacon-operator', values['beacon-operator']),
  }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  const deployment = await deploy({ rpcUrl: values.rpc, network: values.network, out: values.out, ...given })
  process.stdout.write(`${toJson(deployment.contracts).trimEnd()}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch(error => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
