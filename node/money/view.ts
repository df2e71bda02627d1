import type { Address } from '@aria/sdk/protocol'
import { escrowAbi } from '@aria/sdk/protocol/abi'
import { type Chain, onChain } from '../chain/client.ts'
import { courtItems, escrowItems, stakeItems } from './accounts.ts'
import { channelItem, payerChannels } from './channels.ts'
import { inRanges } from './events.ts'
import { type MoneyItem, total } from './item.ts'
import { clientBooks, pendingOfNode } from './pending.ts'
import { claimable, voucherItem } from './vouchers.ts'

export interface MoneyInit {
  dataDir: string
  /** Who staked; who is paid. */
  operator: Address | undefined
  payee: Address | undefined
  /** The wallet whose deposits are in channels; those in the client's books count as well. */
  payer: Address | undefined
}

export interface MoneyCheck {
  name: string
  value: string
  unit: string
  goal: string
  ok: boolean
}

export interface MoneyView {
  items: MoneyItem[]
  /** Wei per contract that holds them. */
  totals: { escrow: bigint; staking: bigint; court: bigint; promised: bigint }
  checks: MoneyCheck[]
}

/**
 * Every wei of ARIA that is ours and not in a wallet. Amounts come from the chain's state now; the checks compare them
 * with what the chain's events say happened since the deployment.
 */
export async function moneyView(chain: Chain, init: MoneyInit): Promise<MoneyView> {
  const { dataDir, operator, payee = operator } = init
  const { timestamp } = await onChain('read the time', () => chain.client.getBlock())
  const books = clientBooks(dataDir, chain.deployment)
  const payers = unique([init.payer, ...(books?.payers ?? [])])
  const items: MoneyItem[] = []
  for (const payer of payers) {
    for (const channel of await payerChannels(chain, payer)) {
      const booked = books?.channels.find(({ id }) => id === channel.id)
      items.push(channelItem(channel, booked, Number(timestamp)))
    }
  }
  items.push(...(books?.pending ?? []))
  if (payee !== undefined) {
    items.push(...(await claimable(chain, dataDir)).map(claim => voucherItem(claim, payee)))
    items.push(...pendingOfNode(dataDir, payee))
  } else items.push(...pendingOfNode(dataDir, payers[0] ?? NOBODY))
  for (const account of unique([operator, payee, ...payers])) {
    items.push(...(await escrowItems(chain, account)), ...(await courtItems(chain, account)))
    items.push(...(await stakeItems(chain, account)))
  }
  const accounts = unique([operator, payee, ...payers])
  const shown = items.filter(({ kind, amount }) => amount > 0n || kind === 'transaction')
  const totals = {
    ...{ escrow: total(shown, 'escrow'), staking: total(shown, 'staking'), court: total(shown, 'court') },
    promised: shown.filter(({ kind }) => kind === 'voucher').reduce((sum, { amount }) => sum + amount, 0n),
  }
  const checks = [await escrowCheck(chain, accounts, totals.escrow)]
  return { items: shown, totals, checks }
}

const NOBODY: Address = `0x${'00'.repeat(20)}`

function unique(accounts: readonly (Address | undefined)[]): Address[] {
  return [...new Set(accounts.filter(account => account !== undefined))]
}

type EscrowEvents = 'Deposited' | 'Redeemed' | 'Withdrawn' | 'Closed' | 'Refunded' | 'PaidOut' | 'FeesBurned'

/** The same sum from the other side: everything that ever went in, minus everything that ever came out. */
async function escrowCheck(
  { client, deployment }: Chain,
  accounts: Address[],
  sum: bigint,
): Promise<MoneyCheck> {
  const ours = new Set<string>(accounts)
  const isOurs = (address: string) => ours.has(address.toLowerCase())
  const newest = await onChain('read the newest block', () => client.getBlockNumber())
  const events = await onChain('read the events of the escrow', () =>
    inRanges(BigInt(deployment.blockNumber), newest, (fromBlock, toBlock) =>
      client.getContractEvents({
        ...{ address: deployment.contracts.escrow, abi: escrowAbi, strict: true, fromBlock, toBlock },
      }),
    ),
  )
  const payerOf = new Map<string, string>()
  let expected = 0n
  for (const event of events) {
    const name = event.eventName as EscrowEvents | string
    const args = event.args as Record<string, unknown>
    const text = (key: string) => String(args[key])
    const wei = (key: string) => args[key] as bigint
    if (name === 'Deposited') {
      payerOf.set(text('id'), text('payer'))
      if (isOurs(text('payer'))) expected += wei('amount')
    }
    const isOurChannel = isOurs(payerOf.get(text('id')) ?? '')
    if (name === 'Redeemed') {
      if (isOurChannel) expected -= wei('delta')
      if (isOurs(text('payee'))) expected += wei('delta')
    }
    // A closed channel's rest becomes its payer's refund: it stays ours.
    if (name === 'Withdrawn' && isOurChannel) expected -= wei('amount')
    if (name === 'Refunded' && isOurs(text('payer'))) expected -= wei('amount')
    if ((name === 'PaidOut' || name === 'FeesBurned') && isOurs(text('payee'))) expected -= wei('amount')
  }
  return check('money.escrow', sum, expected)
}

function check(name: string, value: bigint, expected: bigint): MoneyCheck {
  return { name, value: `${value}`, unit: 'wei', goal: `= ${expected}`, ok: value === expected }
}
