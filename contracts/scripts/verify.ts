import { createPublicClient, getAddress, http, zeroAddress } from 'viem'
import { auditsAbi, escrowAbi, rewardsAbi, stakingAbi, tokenAbi } from '../../sdk/protocol/abi/index.ts'
import { CONTRACT_NAMES, type Deployment, toJson } from './deployment.ts'

/** Asks the chain whether a deployment is what its file says. Throws an error that names the first difference. */
export async function verifyDeployment(rpcUrl: string, deployment: Deployment): Promise<void> {
  const client = createPublicClient({ transport: http(rpcUrl), batch: { multicall: false } })
  const { contracts, params, roles } = deployment
  expectEqual('chain id', await client.getChainId(), deployment.chainId)
  for (const name of CONTRACT_NAMES) {
    const code = await client.getCode({ address: contracts[name] })
    if (code === undefined) {
      throw new Error(
        `The chain has no contract at ${contracts[name]} (${name}). Its state was lost or it is another chain: ` +
          'restore the state, or delete the deployment file and its state directory to deploy again.',
      )
    }
  }

  const token = { address: contracts.token, abi: tokenAbi }
  const staking = { address: contracts.staking, abi: stakingAbi }
  const escrow = { address: contracts.escrow, abi: escrowAbi }
  const audits = { address: contracts.audits, abi: auditsAbi }
  const rewards = { address: contracts.rewards, abi: rewardsAbi }
  const read = client.readContract
  const facts: readonly (readonly [string, Promise<unknown>, unknown])[] = [
    ['token.minter', read({ ...token, functionName: 'minter' }), contracts.rewards],
    ['staking.TOKEN', read({ ...staking, functionName: 'TOKEN' }), contracts.token],
    ['staking.GOVERNOR', read({ ...staking, functionName: 'GOVERNOR' }), roles.governor],
    ['staking.slasher', read({ ...staking, functionName: 'slasher' }), zeroAddress],
    ['staking.MIN_PROVIDER', read({ ...staking, functionName: 'MIN_PROVIDER' }), params.staking.minProvider],
    ['staking.SLOT', read({ ...staking, functionName: 'SLOT' }), params.staking.slot],
    ['staking.UNBOND', read({ ...staking, functionName: 'UNBOND' }), params.staking.unbond],
    ['escrow.TOKEN', read({ ...escrow, functionName: 'TOKEN' }), contracts.token],
    ['escrow.GOVERNOR', read({ ...escrow, functionName: 'GOVERNOR' }), roles.governor],
    ['escrow.GUARDIAN', read({ ...escrow, functionName: 'GUARDIAN' }), roles.guardian],
    ['escrow.THAW', read({ ...escrow, functionName: 'THAW' }), params.escrow.thaw],
    ['escrow.EPOCH', read({ ...escrow, functionName: 'EPOCH' }), params.timetable.epoch],
    ['audits.STAKING', read({ ...audits, functionName: 'STAKING' }), contracts.staking],
    ['audits.BEACON', read({ ...audits, functionName: 'BEACON' }), contracts.beacon],
    ['audits.MODELS', read({ ...audits, functionName: 'MODELS' }), contracts.models],
    ['audits.CAPACITY_UNIT', read({ ...audits, functionName: 'CAPACITY_UNIT' }), params.audits.capacityUnit],
    ['audits.COMMITTEE', read({ ...audits, functionName: 'COMMITTEE' }), params.audits.committee],
    ['audits.QUORUM', read({ ...audits, functionName: 'QUORUM' }), params.audits.quorum],
    ['rewards.TOKEN', read({ ...rewards, functionName: 'TOKEN' }), contracts.token],
    ['rewards.ESCROW', read({ ...rewards, functionName: 'ESCROW' }), contracts.escrow],
    ['rewards.AUDITS', read({ ...rewards, functionName: 'AUDITS' }), contracts.audits],
    ['rewards.GUARDIAN', read({ ...rewards, functionName: 'GUARDIAN' }), roles.guardian],
    ['rewards.GENESIS', read({ ...rewards, functionName: 'GENESIS' }), deployment.genesis],
    ['rewards.TREASURY', read({ ...rewards, functionName: 'TREASURY' }), roles.treasury],
  ]
  for (const [name, value, expected] of facts) expectEqual(name, await value, expected)
}

/** A deployment file made with other parameters must not be reused silently. */
export function expectSameParameters(deployment: Deployment, params: Deployment['params']): void {
  if (toJson(deployment.params) === toJson(params)) return
  throw new Error(
    `The existing deployment was made with other parameters for ${params.network}. ` +
      'Contracts are immutable: delete the deployment file and its state directory to deploy again.',
  )
}

function expectEqual(name: string, actual: unknown, expected: unknown): void {
  if (normalize(actual) === normalize(expected)) return
  throw new Error(`Deployment check failed: ${name} is ${String(actual)}, expected ${String(expected)}.`)
}

function normalize(value: unknown): string {
  const text = String(value)
  return text.startsWith('0x') && text.length === 42 ? getAddress(text) : text
}
