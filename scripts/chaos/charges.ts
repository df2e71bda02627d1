import { WINDOW_TOKENS } from '@aria/sdk/protocol'
import type { Part, Stream } from './records.ts'
import type { ChannelEnd } from './settle.ts'

/** What one channel could be charged for beyond what was delivered on it. */
export interface Charge {
  channel: string
  client: string
  provider: string
  /** Wei claimable, or claimed, beyond the worth of what arrived. */
  excess: bigint
  /** Wei of one credit window for each stream that broke, and one for the voucher that is always ahead. */
  allowed: bigint
}

/** Excess in windows that may be lost: at most 1 on every channel. */
export function excessWindows({ excess, allowed }: Charge): number {
  if (excess <= 0n) return 0
  return allowed === 0n ? Number.POSITIVE_INFINITY : Number((excess * 10_000n) / allowed) / 10_000
}

/**
 * Compares the most that each provider can ever claim (the client's largest signature, or more if the chain paid more)
 * with the worth of what the client saw arrive.
 */
export function charges(ends: readonly ChannelEnd[], streams: readonly Stream[]): Charge[] {
  const unanswered = new Map<string, number>()
  for (const { client, attempts, parts } of streams)
    unanswered.set(client, (unanswered.get(client) ?? 0) + Math.max(0, attempts - parts.length))
  return ends.map(end => {
    const parts = streams.flatMap(stream => stream.parts.filter(({ channel }) => channel === end.channel))
    const worth = sum(parts.map(worthOf))
    const broken = parts.filter(({ isSettled }) => !isSettled)
    const lastWindow = parts.map(windowOf).reduce(larger, 0n)
    // An order without any answer: its first voucher, for the prompt and one window, is out all the same.
    const left = unanswered.get(end.client) ?? 0
    const taken = Math.min(left, gaps(end, parts))
    unanswered.set(end.client, left - taken)
    // Its own death keeps a client from writing down what it was about to see: a prompt, and a window of tokens.
    const cut = streams.filter(stream => stream.client === end.client && stream.end === 'cut')
    const unseen = BigInt(taken + cut.length) * firstVoucher(end, streams)
    const charged = [end.claimed, end.signed, end.best ?? 0n].reduce(larger)
    return {
      ...{ channel: end.channel, client: end.client, provider: end.provider },
      excess: charged - worth,
      allowed: sum(broken.map(windowOf)) + lastWindow + unseen,
    }
  })
}

/** Times that an order began above where the settled one before it had ended: what lies between had no answer. */
function gaps({ isSettled }: ChannelEnd, parts: readonly Part[]): number {
  const ordered = [...parts].sort((a, b) => (a.terms.base < b.terms.base ? -1 : 1))
  const before = (at: number) => ordered[at - 1]
  const isGap = (part: Part, at: number) => {
    const previous = before(at)
    if (previous === undefined) return part.terms.base > 0n
    return previous.isSettled && part.terms.base > previous.terms.base + worthOf(previous)
  }
  const last = ordered.at(-1)
  return ordered.filter(isGap).length + (isSettled || last?.isSettled === false ? 0 : 1)
}

function firstVoucher({ client, priceIn, priceOut }: ChannelEnd, streams: readonly Stream[]): bigint {
  const prompts = streams.filter(stream => stream.client === client).map(({ inputTokens }) => inputTokens)
  return priceIn * BigInt(Math.max(0, ...prompts)) + priceOut * BigInt(WINDOW_TOKENS)
}

const worthOf = ({ terms, delivered }: Part): bigint =>
  terms.pricePerInputToken * BigInt(terms.inputTokens) + terms.pricePerOutputToken * BigInt(delivered)
const windowOf = ({ terms }: Part): bigint => terms.pricePerOutputToken * BigInt(terms.windowTokens)
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
const larger = (a: bigint, b: bigint): bigint => {
  if (a > b) return a
  return b
}
