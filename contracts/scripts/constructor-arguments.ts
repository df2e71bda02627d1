import type { DeploymentParameters } from '@nomicfoundation/ignition-core'
import { type Address, getContractAddress, zeroAddress } from 'viem'
import { deploymentOrder } from '../ignition/modules/aria.ts'
import type { NetworkParameters } from '../params/parameters.ts'
import type { Deployment } from './deployment.ts'

/** Everything that the constructors get. Kept beside the journal: a resumed deployment must use the same values. */
export interface Inputs {
  readonly genesis: number
  readonly blockNumber: number
  /** The deployer's nonce before its first transaction. */
  readonly nonce: number
  readonly roles: Deployment['roles']
}

/** The address of a contract that is deployed later. */
export function predicted(name: string, params: NetworkParameters, from: Address, nonce: number): Address {
  const index = (deploymentOrder(params.beacon) as readonly string[]).indexOf(name)
  if (index < 0) throw new Error(`No contract ${name} in the deployment.`)
  return getContractAddress({ from, nonce: BigInt(nonce + index) })
}

/** The parameters of the Ignition module. */
export function constructorArguments(
  params: NetworkParameters,
  inputs: Inputs,
): DeploymentParameters[string] {
  const { roles, nonce } = inputs
  const address = (name: string) => predicted(name, params, roles.deployer, nonce)
  return {
    time: { genesis: inputs.genesis, ...params.timetable },
    delay: params.governance.delay,
    proposers: [roles.proposer],
    executors: [zeroAddress], // anyone
    governor: roles.governor,
    guardian: roles.guardian,
    treasury: roles.treasury,
    minter: address('Rewards'),
    slasher: address('Court'),
    charges: address('Charges'),
    beaconOperator: roles.beaconOperator,
    staking: { ...params.staking },
    thaw: params.escrow.thaw,
    feePpm: params.escrow.feePpm,
    audits: { ...params.audits },
    court: { ...params.court },
    rewards: { ...params.rewards, split: { ...params.rewards.split } },
  }
}
