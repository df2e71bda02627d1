// Deploys the contracts with Ignition and writes the deployment file. Running it again verifies, resumes and reuses.
//   npm run deploy -- --network NAME [--rpc URL] [--out FILE] [--dry-run] [--state-dir DIR] [--genesis SECONDS]
//     [--governor|--proposer|--guardian|--treasury|--beacon-operator ADDRESS]
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ArtifactResolver, deploy as ignite } from '@nomicfoundation/ignition-core'
import { type Address, getAddress, type Hex, hexToNumber } from 'viem'
import { ariaModules, deploymentOrder } from '../ignition/modules/aria.ts'
import { networks } from '../params/networks.ts'
import type { NetworkParameters } from '../params/parameters.ts'
import { constructorArguments, type Inputs, predicted } from './constructor-arguments.ts'
import { CONTRACT_NAMES, type Deployment, readDeployment, toJson, writeDeployment } from './deployment.ts'
import { connect, type Provider } from './provider.ts'
import { recoverLostTransaction } from './recover.ts'
import { expectSameParameters, type Fact, verifyDeployment } from './verify.ts'

export interface Roles {
  /** Rules over the bounded values. Default: the timelock. */
  readonly governor?: Address
  /** Default for each of these: the deployer. */
  readonly proposer?: Address
  readonly guardian?: Address
  readonly treasury?: Address
  readonly beaconOperator?: Address
}

export interface DeployOptions extends Roles {
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
  /** Blocks on top of each transaction. Default: 1 on a development chain, which mines at once, else Ignition's 5. */
  readonly confirmations?: number
  /** Told each fact that was checked on the chain. */
  readonly onVerified?: (facts: readonly Fact[]) => void
}

export function networkParameters(network: string): NetworkParameters {
  const params = networks[network]
  if (params !== undefined) return params
  throw new Error(`Unknown network ${network}. Known: ${Object.keys(networks).join(', ')}.`)
}

export async function deploy(options: DeployOptions): Promise<Deployment> {
  const params = networkParameters(options.network)
  const existing = await readDeployment(options.out)
  if (existing !== undefined) expectSameParameters(existing, params)

  const deployment = existing ?? (await deployNew(options, params))
  const facts = await verifyDeployment(options.rpcUrl, deployment)
  if (existing === undefined) await writeDeployment(options.out, deployment)
  options.onVerified?.(facts)
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
  const inputs = await loadInputs(join(stateDir, 'inputs.json'), () =>
    chooseInputs(options, params, provider),
  )

  const confirmations = options.confirmations ?? (params.beacon === 'local' ? 1 : undefined)
  const deploymentDir = join(stateDir, 'ignition')
  const { deployer: sender } = inputs.roles
  const firstBlock = inputs.blockNumber
  await recoverLostTransaction({ deploymentDir, provider, sender, firstBlock, confirmations })
  const result = await ignite({
    ignitionModule: ariaModules[params.beacon],
    artifactResolver,
    provider,
    deploymentDir,
    accounts: [inputs.roles.deployer],
    defaultSender: inputs.roles.deployer,
    deploymentParameters: { Aria: constructorArguments(params, inputs) },
    config:
      confirmations === undefined ? {} : { requiredConfirmations: confirmations, blockPollingInterval: 20 },
  })
  if (result.type !== 'SUCCESSFUL_DEPLOYMENT') {
    throw new Error(`Deployment failed (${result.type}): ${toJson(result)}Its journal is in ${stateDir}.`)
  }
  const order = deploymentOrder(params.beacon)
  const deployed = CONTRACT_NAMES.map((name, index) => {
    const contract = Object.values(result.contracts).find(each => each.id === `Aria#${order[index]}`)
    if (contract === undefined) throw new Error(`Ignition returned no address for ${name}.`)
    return [name, getAddress(contract.address)] as const
  })
  const contracts = Object.fromEntries(deployed) as Deployment['contracts']
  const { genesis, blockNumber, roles } = inputs
  return { network: params.network, chainId, genesis, blockNumber, contracts, roles, params }
}

async function loadInputs(path: string, choose: () => Promise<Inputs>): Promise<Inputs> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text !== undefined) return JSON.parse(text) as Inputs
  const inputs = await choose()
  await writeFile(path, toJson(inputs))
  return inputs
}

async function chooseInputs(
  options: DeployOptions,
  params: NetworkParameters,
  provider: Provider,
): Promise<Inputs> {
  const [account] = (await provider.request({ method: 'eth_accounts' })) as Address[]
  if (account === undefined) throw new Error(`${options.rpcUrl} holds no account: set ARIA_DEPLOYER_KEY.`)
  const block = (await provider.request({ method: 'eth_getBlockByNumber', params: ['latest', false] })) as {
    readonly number: Hex
    readonly timestamp: Hex
  }
  const deployer = getAddress(account)
  const transactions = await provider.request({
    method: 'eth_getTransactionCount',
    params: [deployer, 'latest'],
  })
  const nonce = hexToNumber(transactions as Hex)
  return {
    genesis: options.genesis ?? hexToNumber(block.timestamp),
    blockNumber: hexToNumber(block.number),
    nonce,
    roles: {
      deployer,
      governor: options.governor ?? predicted('Timelock', params, deployer, nonce),
      proposer: options.proposer ?? deployer,
      guardian: options.guardian ?? deployer,
      treasury: options.treasury ?? deployer,
      beaconOperator: options.beaconOperator ?? deployer,
    },
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Not awaited: the command imports this module, which must be complete first.
  void import('./deploy-command.ts').then(({ main }) => main())
}
