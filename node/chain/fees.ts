/** What a transaction bids per unit of gas, in wei: EIP-1559's two bids, or the one of a chain without it. */
export type Fees =
  | { type: 'eip1559'; maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }
  | { type: 'legacy'; gasPrice: bigint }

/**
 * All attempts at one transaction together stay below this many times the first bid. What is redeemed by value brings a
 * hundred times its gas, so nine tenths of it remain at worst.
 */
export const PRICE_MULTIPLE_MAX = 10n

/** Nodes take a replacement when both bids are a tenth higher (Geth's price bump), some when they are an eighth. */
export function raised(bid: bigint): bigint {
  return bid + bid / 8n + 1n
}

/**
 * The next bid for a transaction that nobody mines at `last`: what the market asks, at least an eighth more, and never
 * beyond PRICE_MULTIPLE_MAX times `first`. Undefined when the limit leaves no room for what nodes take as a replacement.
 */
export function raisedFees(first: Fees, last: Fees, market: Fees): Fees | undefined {
  const highest = highestOf(first) * PRICE_MULTIPLE_MAX
  const least = raised(highestOf(last))
  if (least > highest) return undefined
  const bid = smaller(larger(least, highestOf(market)), highest)
  if (last.type === 'legacy') return { type: 'legacy', gasPrice: bid }
  const tip = market.type === 'eip1559' ? market.maxPriorityFeePerGas : 0n
  const maxPriorityFeePerGas = smaller(larger(raised(last.maxPriorityFeePerGas), tip), bid)
  return { type: 'eip1559', maxFeePerGas: bid, maxPriorityFeePerGas }
}

/** The most that a unit of gas can cost. */
export function highestOf(fees: Fees): bigint {
  return fees.type === 'legacy' ? fees.gasPrice : fees.maxFeePerGas
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
