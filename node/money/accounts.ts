import type { Address } from '@aria/sdk/protocol'
import { courtAbi, escrowAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import { type Chain, onChain } from '../chain/client.ts'
import { inRanges } from './events.ts'
import type { MoneyItem } from './item.ts'

const STAGE_CLOSED = 'CaseClosed'

/** What `operator` has in Staking. */
export async function stakeItems({ client, deployment }: Chain, operator: Address): Promise<MoneyItem[]> {
  const contract = { address: deployment.contracts.staking, abi: stakingAbi } as const
  const [{ stake, unbonding, unbondEnd, kind }, bounty, openCases] = await onChain('read the stake', () =>
    Promise.all([
      client.readContract({ ...contract, functionName: 'operators', args: [operator] }),
      client.readContract({ ...contract, functionName: 'bounties', args: [operator] }),
      client.readContract({
        ...{ ...contract, functionName: 'openCases' as const },
        args: [deployment.contracts.court, operator],
      }),
    ]),
  )
  const common = { holder: 'staking', account: operator, id: undefined } as const
  const locked = openCases > 0n ? `; not while ${openCases} case(s) are open` : ''
  const items: MoneyItem[] = [
    {
      ...{ ...common, kind: 'stake', amount: stake, until: undefined },
      why: `stake of a ${kind === 1 ? 'provider' : 'verifier'}`,
      command: `aria money unbond ${decimalOf(stake)}`,
    },
    {
      ...{ ...common, kind: 'unbonding', amount: unbonding, until: Number(unbondEnd) },
      why: `unbonding, slashable until then${locked}`,
      command: 'aria money withdraw-stake',
    },
    {
      ...{ ...common, kind: 'bounty', amount: bounty, until: undefined },
      why: 'share of a slash',
      command: 'aria money bounty',
    },
  ]
  return items.filter(({ amount }) => amount > 0n)
}

function decimalOf(wei: bigint): string {
  const digits = wei.toString().padStart(19, '0')
  const fraction = digits.slice(-18).replace(/0+$/, '')
  return digits.slice(0, -18) + (fraction === '' ? '' : `.${fraction}`)
}

/** What `account` has in Escrow besides its channels. */
export async function escrowItems({ client, deployment }: Chain, account: Address): Promise<MoneyItem[]> {
  const contract = { address: deployment.contracts.escrow, abi: escrowAbi } as const
  const read = (functionName: 'owed' | 'unburned' | 'refunds') =>
    client.readContract({ ...contract, functionName, args: [account] })
  const [owed, unburned, refunds] = await onChain('read the escrow', () =>
    Promise.all([read('owed'), read('unburned'), read('refunds')]),
  )
  const common = { holder: 'escrow', account, id: undefined, until: undefined } as const
  const items: MoneyItem[] = [
    { ...common, kind: 'earned', amount: owed, why: 'redeemed, not paid out', command: 'aria money payout' },
    {
      ...{ ...common, kind: 'fee', amount: unburned, command: `aria money burn-fees --payee ${account}` },
      why: 'fee of redemptions: it is burnt, and then counts for the work reward',
    },
    {
      ...{ ...common, kind: 'refund', amount: refunds, command: 'aria money refund' },
      why: 'rest of channels that their payee closed',
    },
  ]
  return items.filter(({ amount }) => amount > 0n)
}

/** What the court owes `account`, and the bonds of its open cases. */
export async function courtItems({ client, deployment }: Chain, account: Address): Promise<MoneyItem[]> {
  const contract = { address: deployment.contracts.court, abi: courtAbi } as const
  const [credit, newest] = await onChain('read the court', () =>
    Promise.all([
      client.readContract({ ...contract, functionName: 'credits', args: [account] }),
      client.getBlockNumber(),
    ]),
  )
  const from = BigInt(deployment.blockNumber)
  const [opened, closed] = await onChain('read the cases', async () => [
    await inRanges(from, newest, (fromBlock, toBlock) =>
      client.getContractEvents({ ...contract, eventName: 'Opened', strict: true, fromBlock, toBlock }),
    ),
    await inRanges(from, newest, (fromBlock, toBlock) =>
      client.getContractEvents({ ...contract, eventName: STAGE_CLOSED, strict: true, fromBlock, toBlock }),
    ),
  ])
  const done = new Set(closed.map(({ args }) => args.id))
  const items: MoneyItem[] = []
  for (const { args } of opened) {
    if (done.has(args.id)) continue
    const state = await onChain('read the case', () =>
      client.readContract({ ...contract, functionName: 'cases', args: [args.id] }),
    )
    const isOurs = (party: string) => party.toLowerCase() === account
    const bonds: [string, bigint][] = []
    if (isOurs(state.challenger)) bonds.push(['challenge', state.bond])
    if (isOurs(state.defender)) bonds.push(['answer', state.bond])
    if (isOurs(state.appellant)) bonds.push(['appeal', 3n * state.bond])
    for (const [what, amount] of bonds)
      items.push({
        ...{
          kind: 'bond',
          holder: 'court',
          account,
          id: args.id,
          amount,
          until: undefined,
          command: undefined,
        },
        why: `bond of the ${what} in an open case; its verdict decides`,
      })
  }
  if (credit > 0n)
    items.push({
      ...{ kind: 'court-credit', holder: 'court', account, id: undefined, amount: credit, until: undefined },
      ...{ why: 'bonds and shares that the court owes', command: 'aria money court-credit' },
    })
  return items
}
