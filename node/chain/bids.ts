import type { Hex } from '@aria/sdk/protocol'
import { type LocalAccount, type PublicClient, parseTransaction } from 'viem'
import { type Fees, highestOf, raisedFees } from './fees.ts'

/** A transaction signed anew at a higher price, or why not: the limit of its price, or of the key's ETH, is reached. */
export type HigherBid =
  | { isRaised: true; raw: Hex; price: bigint }
  | { isRaised: false; price: bigint; balance: bigint }

/**
 * Signs the same call with the same nonce for what the market asks now, within the limits of `raisedFees` over the first
 * bid. Only one of all bids can ever be mined, because they share the nonce.
 */
export async function higherBid(
  { client, account }: { client: PublicClient; account: LocalAccount },
  firstRaw: Hex,
  lastRaw: Hex,
): Promise<HigherBid> {
  const { fees, call } = parsed(lastRaw)
  const [market, balance] = await Promise.all([
    marketFees(client, fees.type),
    client.getBalance({ address: account.address }),
  ])
  const next = raisedFees(parsed(firstRaw).fees, fees, market)
  if (next === undefined || balance < call.gas * highestOf(next))
    return { isRaised: false, price: highestOf(market), balance }
  return { isRaised: true, raw: await account.signTransaction({ ...call, ...next }), price: highestOf(next) }
}

async function marketFees(client: PublicClient, type: Fees['type']): Promise<Fees> {
  if (type === 'legacy') return { type, gasPrice: await client.getGasPrice() }
  return { type, ...(await client.estimateFeesPerGas({ type, chain: client.chain })) }
}

/** What a signed transaction does, and what it bids; without its signature, which belongs to one bid. */
function parsed(raw: Hex) {
  const { chainId, nonce, gas = 0n, to, data, ...bid } = parseTransaction(raw)
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas = 0n } = bid
  const fees: Fees =
    maxFeePerGas === undefined
      ? { type: 'legacy', gasPrice: gasPrice ?? 0n }
      : { type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas }
  // `send` makes nothing but calls: no value, no access list.
  return {
    fees,
    call: { chainId: chainId!, nonce: nonce!, gas, to: to!, ...(data !== undefined && { data }) },
  }
}
