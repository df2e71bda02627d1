import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Address } from 'viem'
import type { NetworkParameters } from '../params/parameters.ts'

/** In the order of deployment, as deploymentOrder lists the contracts themselves. */
export const CONTRACT_NAMES = [
  'timelock',
  'token',
  'models',
  'staking',
  'escrow',
  'beacon',
  'audits',
  'court',
  'charges',
  'rewards',
] as const
export type ContractName = (typeof CONTRACT_NAMES)[number]

/** What every program needs to know about a deployment. In the file, wei are decimal strings. */
export interface Deployment {
  readonly network: string
  readonly chainId: number
  /** Timestamp at which epoch 0 starts. */
  readonly genesis: number
  /** No event of these contracts is older than this block. */
  readonly blockNumber: number
  readonly contracts: Readonly<Record<ContractName, Address>>
  readonly roles: {
    readonly deployer: Address
    /** Rules over the bounded values: the timelock, unless another account was named. */
    readonly governor: Address
    /** Proposes to the timelock: a multisig on a public network. */
    readonly proposer: Address
    readonly guardian: Address
    readonly treasury: Address
    readonly beaconOperator: Address
  }
  readonly params: NetworkParameters
}

export async function readDeployment(path: string): Promise<Deployment | undefined> {
  const text = await readFile(path, 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : (JSON.parse(text) as Deployment)
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export async function writeDeployment(path: string, deployment: Deployment): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, toJson(deployment))
  await rename(`${path}.new`, path)
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_key, field) => (typeof field === 'bigint' ? field.toString() : field), 2)}\n`
}
