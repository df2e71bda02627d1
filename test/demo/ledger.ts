import type { Deployment } from '@aria/sdk/protocol'
import { escrowAbi, rewardsAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import { createPublicClient, type Hex, http } from 'viem'

/** Everything that happened to clients' money, read from the chain alone. */
export interface Ledger {
  deposits: bigint
  /** Redeemed net of the fee, whether still owed or already paid out. */
  income: bigint
  burned: bigint
  unburned: bigint
  /** Refunded by close() and not collected, plus withdrawn by payers. */
  refundable: bigint
  inChannels: bigint
  /** deposits − everything above; zero when no wei is lost. */
  difference: bigint
  /** What the contract holds − what it should hold; zero too. */
  custody: bigint
  redemptions: { transaction: Hex; vouchers: number; gas: bigint; amount: bigint }[]
  rewards: { operator: Hex; amount: bigint }[]
}

export async function readLedger(rpcUrl: string, { contracts, blockNumber }: Deployment): Promise<Ledger> {
  const reader = createPublicClient({ transport: http(rpcUrl) })
  const escrow = { address: contracts.escrow, abi: escrowAbi } as const
  const block = await reader.getBlockNumber()
  const range = { fromBlock: BigInt(blockNumber), toBlock: block } as const
  const at = { blockNumber: block } as const
  const sum = (values: bigint[]) => values.reduce((total, value) => total + value, 0n)

  const deposited = await reader.getContractEvents({ ...escrow, ...range, eventName: 'Deposited' })
  const redeemed = await reader.getContractEvents({ ...escrow, ...range, eventName: 'Redeemed' })
  const withdrawn = await reader.getContractEvents({ ...escrow, ...range, eventName: 'Withdrawn' })
  const closed = await reader.getContractEvents({ ...escrow, ...range, eventName: 'Closed' })
  const refunded = await reader.getContractEvents({ ...escrow, ...range, eventName: 'Refunded' })
  const burns = await reader.getContractEvents({ ...escrow, ...range, eventName: 'FeesBurned' })
  const paidOut = await reader.getContractEvents({ ...escrow, ...range, eventName: 'PaidOut' })
  const claims = await reader.getContractEvents({
    address: contracts.rewards,
    abi: rewardsAbi,
    ...range,
    eventName: 'Claimed',
  })

  const ids = [...new Set(deposited.map(({ args }) => args.id!))]
  const channels = await Promise.all(
    ids.map(id => reader.readContract({ ...escrow, ...at, functionName: 'channels', args: [id] })),
  )
  const payees = [...new Set(redeemed.map(({ args }) => args.payee!))]
  const unburned = await Promise.all(
    payees.map(payee => reader.readContract({ ...escrow, ...at, functionName: 'unburned', args: [payee] })),
  ).then(sum)
  const held = await reader.readContract({
    address: contracts.token,
    abi: tokenAbi,
    ...at,
    functionName: 'balanceOf',
    args: [contracts.escrow],
  })

  const deposits = sum(deposited.map(({ args }) => args.amount!))
  const income = sum(redeemed.map(({ args }) => args.delta! - args.fee!))
  const burned = sum(burns.map(({ args }) => args.amount!))
  const inChannels = sum(channels.map(({ balance, claimed }) => balance - claimed))
  const refundable =
    sum(closed.map(({ args }) => args.refund!)) + sum(withdrawn.map(({ args }) => args.amount!))
  const left =
    sum(refunded.map(({ args }) => args.amount!)) +
    sum(withdrawn.map(({ args }) => args.amount!)) +
    sum(paidOut.map(({ args }) => args.amount!))

  const transactions = Map.groupBy(redeemed, ({ transactionHash }) => transactionHash)
  const redemptions = await Promise.all(
    [...transactions].map(async ([transaction, events]) => {
      const { gasUsed } = await reader.getTransactionReceipt({ hash: transaction })
      return {
        transaction,
        vouchers: events.length,
        gas: gasUsed,
        amount: sum(events.map(({ args }) => args.delta!)),
      }
    }),
  )
  return {
    deposits,
    income,
    burned,
    unburned,
    refundable,
    inChannels,
    difference: deposits - income - burned - unburned - refundable - inChannels,
    custody: held - (deposits - burned - left),
    redemptions,
    rewards: claims.map(({ args }) => ({
      operator: args.operator!,
      amount: args.availability! + args.work! + args.verification!,
    })),
  }
}
