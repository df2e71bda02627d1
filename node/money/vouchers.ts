import { type Address, type ChannelParts, type Hex, redeemRows } from '@aria/sdk/protocol'
import { escrowAbi } from '@aria/sdk/protocol/abi'
import { encodeFunctionData } from 'viem'
import { channelReader } from '../chain/channels.ts'
import type { Chain } from '../chain/client.ts'
import type { Call } from '../chain/outbox.ts'
import { readDatabase } from '../payments/database.ts'
import { voucherStore } from '../payments/vouchers.ts'
import { type MoneyItem, smaller } from './item.ts'

/** Channels read for one look, and rows of one transaction. */
const CHANNELS_MAX = 100_000
const ROWS_MAX = 100

/** A voucher that the chain would still pay for. */
export interface Claimable {
  id: Hex
  parts: ChannelParts
  voucher: { total: bigint; signature: Hex }
  amount: bigint
  unredeemedSinceMs: number | undefined
  thawEnd: number
}

/** Vouchers in a provider's books that are worth something, also while the provider runs. */
export async function claimable(chain: Chain, dataDir: string): Promise<Claimable[]> {
  const database = readDatabase(dataDir)
  if (database === undefined) return []
  try {
    const reader = channelReader(chain, 'latest')
    const found: Claimable[] = []
    for (const { id, parts, best, unredeemedSinceMs } of voucherStore(database).unredeemed(CHANNELS_MAX)) {
      if (best === undefined) continue
      const { balance, claimed, thawEnd } = await reader.funds(id)
      const amount = smaller(best.total, balance) - claimed
      if (amount > 0n) found.push({ id, parts, voucher: best, amount, unredeemedSinceMs, thawEnd })
    }
    return found
  } finally {
    database.close()
  }
}

/** The same tokens are in the payer's channel until they are redeemed: these are promises, and held by nothing. */
export function voucherItem(
  { id, amount, thawEnd, unredeemedSinceMs }: Claimable,
  payee: Address,
): MoneyItem {
  const since = unredeemedSinceMs === undefined ? '' : ` since ${new Date(unredeemedSinceMs).toISOString()}`
  return {
    ...{ kind: 'voucher', holder: 'nothing', account: payee, id, amount, command: 'aria money redeem' },
    why:
      thawEnd === 0 ? `signed by the client${since}, not redeemed` : 'its payer thaws: redeem before the end',
    until: thawEnd === 0 ? undefined : thawEnd,
  }
}

/** One transaction for the vouchers that are worth most. */
export function redeemCall(escrow: Address, payee: Address, claims: readonly Claimable[]): Call {
  const rows = [...claims].sort((a, b) => (a.amount < b.amount ? 1 : -1)).slice(0, ROWS_MAX)
  return {
    to: escrow,
    data: encodeFunctionData({ abi: escrowAbi, functionName: 'redeem', args: [payee, redeemRows(rows)] }),
  }
}
