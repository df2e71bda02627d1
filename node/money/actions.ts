import { type Address, AriaError, type Deployment, type Hex } from '@aria/sdk/protocol'
import { courtAbi, escrowAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import { encodeFunctionData } from 'viem'
import type { Chain } from '../chain/client.ts'
import { onChain } from '../chain/client.ts'
import type { Call } from '../chain/outbox.ts'
import { type PayerChannel, payerChannels } from './channels.ts'

/** The calls that free what is at rest; each belongs to the wallet that owns the money. */
export function moneyCalls({ contracts }: Deployment) {
  const { escrow, staking, court } = contracts
  return {
    payout: (to: Address): Call => ({
      to: escrow,
      data: encodeFunctionData({ abi: escrowAbi, functionName: 'payout', args: [to] }),
    }),
    burnFees: (payee: Address): Call => ({
      to: escrow,
      data: encodeFunctionData({ abi: escrowAbi, functionName: 'burnFees', args: [payee] }),
    }),
    refund: (to: Address): Call => ({
      to: escrow,
      data: encodeFunctionData({ abi: escrowAbi, functionName: 'withdrawRefund', args: [to] }),
    }),
    unbond: (amount: bigint): Call => ({
      to: staking,
      data: encodeFunctionData({ abi: stakingAbi, functionName: 'unbond', args: [amount] }),
    }),
    withdrawStake: (to: Address): Call => ({
      to: staking,
      data: encodeFunctionData({ abi: stakingAbi, functionName: 'withdraw', args: [to] }),
    }),
    bounty: (to: Address): Call => ({
      to: staking,
      data: encodeFunctionData({ abi: stakingAbi, functionName: 'claimBounty', args: [to] }),
    }),
    courtCredit: (to: Address): Call => ({
      to: court,
      data: encodeFunctionData({ abi: courtAbi, functionName: 'withdraw', args: [to] }),
    }),
  }
}

export interface CloseStep {
  channel: Hex
  action: 'thaw' | 'wait' | 'withdraw'
  amount: bigint
  until: number | undefined
  call: Call | undefined
}

/** The next step of each of the payer's channels that still hold something; found on chain, so lost books do not matter. */
export async function closeSteps(chain: Chain, payer: Address, only: Hex | undefined): Promise<CloseStep[]> {
  const channels = await payerChannels(chain, payer)
  const wanted = channels.filter(({ id, funds }) => (only ?? id) === id && funds.balance > funds.claimed)
  if (only !== undefined && wanted.length === 0) {
    throw new AriaError('not_found', `Channel ${only} of ${payer} holds nothing.`, {
      hint: '"aria money" lists the channels.',
    })
  }
  const { timestamp } = await onChain('read the time', () => chain.client.getBlock())
  return wanted.map(channel =>
    closeStep(channel, chain.deployment.contracts.escrow, Number(timestamp), payer),
  )
}

function closeStep(
  { id, payee, parts, funds }: PayerChannel,
  escrow: Address,
  nowSeconds: number,
  to: Address,
): CloseStep {
  const amount = funds.balance - funds.claimed
  const key = [payee, parts.signer, parts.salt] as const
  const common = { channel: id, amount, until: funds.thawEnd === 0 ? undefined : funds.thawEnd }
  if (funds.thawEnd === 0) {
    const data = encodeFunctionData({ abi: escrowAbi, functionName: 'thaw', args: key })
    return { ...common, action: 'thaw', call: { to: escrow, data } }
  }
  if (funds.thawEnd > nowSeconds) return { ...common, action: 'wait', call: undefined }
  const data = encodeFunctionData({ abi: escrowAbi, functionName: 'withdraw', args: [...key, to] })
  return { ...common, action: 'withdraw', call: { to: escrow, data } }
}
