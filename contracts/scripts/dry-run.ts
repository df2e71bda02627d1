// What a deployment would do and cost. Nothing is sent: the whole deployment runs, and verifies itself, on a chain inside
// this process; addresses, prices and the deployer's balance come from the real chain, if there is one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Address, createPublicClient, formatEther, formatGwei, getAddress, type Hex, http } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { type Check, measured } from '../../scripts/checks.ts'
import { deploymentOrder } from '../ignition/modules/aria.ts'
import type { NetworkParameters } from '../params/parameters.ts'
import { predicted } from './constructor-arguments.ts'
import { deploy, networkParameters, type Roles } from './deploy.ts'
import { CONTRACT_NAMES, type ContractName, type Deployment } from './deployment.ts'
import type { Fact } from './verify.ts'

export interface DryRunOptions extends Roles {
  readonly network: string
  /** Without one, the chain inside this process stands for the network. */
  readonly rpcUrl: string | undefined
  readonly privateKey?: Hex
  readonly genesis?: number
}

interface Step {
  readonly name: ContractName
  readonly contract: string
  readonly address: Address
  readonly codeBytes: number
  readonly gas: bigint
}

export interface DryRun {
  readonly network: string
  readonly deployer: Address
  readonly steps: readonly Step[]
  readonly facts: readonly Fact[]
  readonly gasPrice: bigint
  /** What a rollup charges for data on L1; undefined where there is no such fee. */
  readonly dataFee: bigint | undefined
  /** undefined without a real chain. */
  readonly balance: bigint | undefined
}

/** EIP-170. */
const CODE_BYTES_MAX = 24_576
/** Predeployed on every OP-stack chain. */
const GAS_PRICE_ORACLE = '0x420000000000000000000000000000000000000F'
const ORACLE_ABI = [
  {
    type: 'function',
    name: 'getL1FeeUpperBound',
    stateMutability: 'view',
    inputs: [{ name: 'unsignedTxSize', type: 'uint256' }],
    outputs: [{ type: 'uint256' }],
  },
] as const
/** An envelope and signature around the creation code. */
const ENVELOPE_BYTES = 200

export async function dryRun(options: DryRunOptions): Promise<DryRun> {
  const params = networkParameters(options.network)
  const { rpcUrl, privateKey, network: _, ...rest } = options
  const rehearsal = await rehearse(params, rest)
  if (rpcUrl === undefined || privateKey === undefined) return rehearsal

  const client = createPublicClient({ transport: http(rpcUrl) })
  const chainId = await client.getChainId().catch(cause => {
    throw new Error(`${rpcUrl} does not answer.`, { cause })
  })
  if (chainId !== params.chainId) {
    throw new Error(`${rpcUrl} is chain ${chainId}, but network ${params.network} is ${params.chainId}.`)
  }
  const deployer = privateKeyToAddress(privateKey)
  const nonce = await client.getTransactionCount({ address: deployer })
  const order = deploymentOrder(params.beacon)
  const steps = rehearsal.steps.map((step, index) => ({
    ...step,
    address: predicted(order[index]!, params, deployer, nonce),
  }))
  const sizes = steps.map(step => BigInt(step.codeBytes + ENVELOPE_BYTES))
  const fees = sizes.map(size =>
    client.readContract({
      address: GAS_PRICE_ORACLE,
      abi: ORACLE_ABI,
      functionName: 'getL1FeeUpperBound',
      args: [size],
    }),
  )
  const dataFee = await Promise.all(fees).then(
    all => all.reduce((sum, fee) => sum + fee, 0n),
    () => undefined,
  )
  const gasPrice = await client.getGasPrice()
  return {
    ...rehearsal,
    deployer,
    steps,
    gasPrice,
    dataFee,
    balance: await client.getBalance({ address: deployer }),
  }
}

async function rehearse(
  params: NetworkParameters,
  options: Roles & { readonly genesis?: number },
): Promise<DryRun> {
  process.chdir(fileURLToPath(new URL('..', import.meta.url))) // where Hardhat looks for its configuration
  const { default: hre } = await import('hardhat')
  const override = { chainId: params.chainId }
  const server = await hre.network.createServer({ network: 'default', override }, '127.0.0.1')
  const { address, port } = await server.listen()
  const dir = await mkdtemp(join(tmpdir(), 'aria-dry-run-'))
  try {
    const rpcUrl = `http://${address}:${port}`
    let facts: readonly Fact[] = []
    const deployment = await deploy({
      ...options,
      network: params.network,
      rpcUrl,
      confirmations: 1,
      out: join(dir, 'deployment.json'),
      onVerified: found => {
        facts = found
      },
    })
    const steps = await stepsOf(rpcUrl, deployment, deploymentOrder(params.beacon))
    const gasPrice = await createPublicClient({ transport: http(rpcUrl) }).getGasPrice()
    const { deployer } = deployment.roles
    return {
      network: params.network,
      deployer,
      steps,
      facts,
      gasPrice,
      dataFee: undefined,
      balance: undefined,
    }
  } finally {
    await server.close()
    await rm(dir, { recursive: true })
  }
}

async function stepsOf(rpcUrl: string, deployment: Deployment, order: readonly string[]): Promise<Step[]> {
  const client = createPublicClient({ transport: http(rpcUrl) })
  const gas = new Map<string, bigint>()
  for (let number = await client.getBlockNumber(); number > 0n; number--) {
    const { transactions } = await client.getBlock({ blockNumber: number })
    for (const hash of transactions) {
      const { contractAddress, gasUsed } = await client.getTransactionReceipt({ hash })
      if (contractAddress) gas.set(getAddress(contractAddress), gasUsed)
    }
  }
  return Promise.all(
    CONTRACT_NAMES.map(async (name, index) => {
      const address = deployment.contracts[name]
      const code = (await client.getCode({ address })) ?? '0x'
      return {
        name,
        contract: order[index]!,
        address,
        codeBytes: code.length / 2 - 1,
        gas: gas.get(address) ?? 0n,
      }
    }),
  )
}

export function totalGas({ steps }: DryRun): bigint {
  return steps.reduce((sum, step) => sum + step.gas, 0n)
}

export function dryRunTable(result: DryRun): string {
  const rows = result.steps.map(
    (step, index) =>
      `${String(index + 1).padStart(2)}  ${step.contract.padEnd(12)} ${step.address}  ${String(step.codeBytes).padStart(6)} bytes  ${String(step.gas).padStart(9)} gas`,
  )
  const gas = totalGas(result)
  const execution = gas * result.gasPrice
  const lines = [
    `Dry run of ${result.network}: nothing was sent.`,
    `Deployer ${result.deployer}, one transaction each:`,
    ...rows,
    `Verified on a rehearsal chain: ${result.facts.length} facts.`,
    `${gas} gas at ${formatGwei(result.gasPrice)} gwei = ${formatEther(execution)} ETH`,
  ]
  if (result.dataFee !== undefined)
    lines.push(`plus at most ${formatEther(result.dataFee)} ETH for data on L1`)
  if (result.balance !== undefined) {
    const enough = result.balance >= execution + (result.dataFee ?? 0n)
    lines.push(`The deployer has ${formatEther(result.balance)} ETH: ${enough ? 'enough' : 'NOT enough'}.`)
  }
  return `${lines.join('\n')}\n`
}

export function dryRunChecks(result: DryRun): Check[] {
  const sizes = result.steps.map(({ contract, codeBytes }) => ({
    name: `deploy.size.${contract}`,
    value: codeBytes,
    unit: 'bytes',
    goal: `<= ${CODE_BYTES_MAX}`,
    ok: codeBytes > 0 && codeBytes <= CODE_BYTES_MAX,
  }))
  const facts = {
    name: 'deploy.facts',
    value: result.facts.length,
    unit: 'facts',
    goal: '> 0',
    ok: result.facts.length > 0,
  }
  const gas = result.steps.map(step => measured(`deploy.gas.${step.contract}`, Number(step.gas), 'gas'))
  return [...sizes, facts, ...gas, measured('deploy.gas', Number(totalGas(result)), 'gas')]
}
