import { type Address, type Deployment, type Hex, sameAddress, ZERO_HASH } from '@aria/sdk/protocol'
import { auditsAbi, beaconAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import type { PublicClient } from 'viem'
import { chainError } from '../chain.ts'
import type { AuditRow } from '../db/schema/index.ts'
import type { Wallet } from '../wallet.ts'

/** What an auditor reads and writes on chain. */
export interface AuditsContract {
  /** The epoch's randomness; undefined while nobody submitted it. */
  rand(epoch: number): Promise<Hex | undefined>
  /** Receipts to sample from a tree of `count`. */
  sampleCount(count: number): Promise<number>
  /** Of `providers`, those whose committee of the epoch holds `verifier`. */
  assigned(epoch: number, verifier: Address, providers: readonly Address[]): Promise<Address[]>
  /** The operator behind a node key, undefined while it is not registered. */
  operatorOf(node: Address): Promise<Address | undefined>
  commitment(epoch: number, verifier: Address): Promise<Hex | undefined>
  isRevealed(epoch: number, verifier: Address): Promise<boolean>
  commit(wallet: Wallet, epoch: number, commitment: Hex): Promise<Hex>
  reveal(wallet: Wallet, epoch: number, salt: Hex, rows: readonly AuditRow[]): Promise<Hex>
}

export function auditsContract(client: PublicClient, { contracts }: Deployment): AuditsContract {
  const audits = { address: contracts.audits, abi: auditsAbi } as const
  const beacon = { address: contracts.beacon, abi: beaconAbi } as const
  const staking = { address: contracts.staking, abi: stakingAbi } as const

  return {
    async rand(epoch) {
      const round = await read(
        client.readContract({ ...beacon, functionName: 'roundOf', args: [BigInt(epoch)] }),
      )
      const value = await read(client.readContract({ ...beacon, functionName: 'valueOf', args: [round] }))
      return value === ZERO_HASH ? undefined : value
    },
    async sampleCount(count) {
      return Number(
        await read(client.readContract({ ...audits, functionName: 'sampleCount', args: [BigInt(count)] })),
      )
    },
    async assigned(epoch, verifier, providers) {
      const drawn = await Promise.all(
        providers.map(provider =>
          read(
            client.readContract({ ...audits, functionName: 'committee', args: [BigInt(epoch), provider] }),
          ),
        ),
      )
      return providers.filter((_, at) => drawn[at]!.some(member => sameAddress(member, verifier)))
    },
    async operatorOf(node) {
      const operator = await read(
        client.readContract({ ...staking, functionName: 'operatorOf', args: [node] }),
      )
      return BigInt(operator) === 0n ? undefined : (operator.toLowerCase() as Address)
    },
    async commitment(epoch, verifier) {
      const args = [BigInt(epoch), verifier] as const
      const value = await read(client.readContract({ ...audits, functionName: 'commitments', args }))
      return value === ZERO_HASH ? undefined : value
    },
    async isRevealed(epoch, verifier) {
      const args = [BigInt(epoch), verifier] as const
      return (await read(client.readContract({ ...audits, functionName: 'rowsOf', args }))) > 0n
    },
    commit: (wallet, epoch, commitment) => {
      return wallet.send({ ...audits, functionName: 'commitAudit', args: [BigInt(epoch), commitment] })
    },
    reveal: (wallet, epoch, salt, rows) => {
      return wallet.send({ ...audits, functionName: 'revealAudit', args: [BigInt(epoch), salt, rows] })
    },
  }
}

async function read<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (thrown) {
    throw chainError(thrown)
  }
}
