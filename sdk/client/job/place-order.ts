import { randomBytes } from 'node:crypto'
import type { KnownOffer } from '../../p2p/index.ts'
import {
  AriaError,
  costMax,
  type Deployed,
  digest,
  formatAria,
  type Hex,
  mustSign,
  promptCommit,
  type QuoteReply,
  type QuoteRequest,
  recoverStruct,
  requestId,
  requireSigner,
  type Signer,
  sameAddress,
  signStruct,
  type Terms,
  toAriaError,
  toHex,
} from '../../protocol/index.ts'
import type { Funding } from '../channels/index.ts'
import { signTotal } from '../channels/index.ts'
import type { Timeouts } from '../limits.ts'
import type { ChannelRow, ChannelStore } from '../store/index.ts'
import { agreedBase, checkQuote } from './check-quote.ts'
import type { InferRequest, Order } from './job.ts'
import { isRejection } from './rejection.ts'
import type { JobStream } from './stream.ts'

export interface OrderComponents {
  channels: ChannelStore
  funding: Funding
  signer: Signer
  deployed: Deployed
  timeouts: Timeouts
  nowMs: () => number
}

export interface OrderInit {
  offer: KnownOffer
  channel: Hex
  wanted: InferRequest
  windowTokensMax: number
  /** What is left of the answer's price limit. */
  budget: bigint
  /** Seconds; when the answer must be complete. */
  deadline: number
}

function requireBearable(cost: bigint, budget: bigint): void {
  if (cost <= budget) return
  throw new AriaError('price_too_high', `The request can cost ${formatAria(cost)} ARIA.`, {
    facts: { cost, budget },
    hint: 'Ask for fewer tokens, or wait for a cheaper provider.',
  })
}

/** Quote, deposit if needed, signed request with the first voucher, acceptance. */
export async function placeOrder(
  components: OrderComponents,
  stream: JobStream,
  init: OrderInit,
): Promise<Order> {
  const { channels, funding, timeouts, nowMs } = components
  const { asked, reply } = await askQuote(components, stream, init)
  const base = await settleBase(components, channels.get(init.channel)!, reply)
  const order = await signOrder(components, init, asked, reply, base)
  const cost = costMax(order.terms)
  requireBearable(cost, init.budget)

  await funding.ensure(init.channel, base + cost, cost, init.offer.offer.depositMin)
  checkStillValid(order, nowMs())
  stream.assertOpen()
  const { voucher, fresh } = await signTotal(components, init.channel, mustSign(order.terms, 0))
  // From here the provider could claim the voucher without a receipt: both are remembered before it leaves.
  await channels.book(init.channel, { due: base, settled: false, voucher: fresh }, nowMs())
  const { request, requestSignature: signature, salt, prompt } = order
  await stream.send({ type: 'request', body: { request, signature, salt, prompt, voucher } })

  try {
    const { body } = await stream.next(['accept'], { ms: timeouts.acceptMs, what: 'acceptance' })
    if (body.requestHash === order.requestHash) return order
    throw new AriaError(
      'bad_frame',
      `The provider accepted ${body.requestHash}, sent was ${order.requestHash}.`,
    )
  } catch (thrown) {
    // Refused work owes nothing: the channel stands where it stood.
    if (isRejection(toAriaError(thrown)))
      await channels.book(init.channel, { due: base, settled: true }, nowMs())
    throw thrown
  }
}

async function askQuote(
  { channels, deployed, timeouts, nowMs }: OrderComponents,
  stream: JobStream,
  { offer, channel: id, wanted, windowTokensMax }: OrderInit,
): Promise<{ asked: QuoteRequest; reply: QuoteReply }> {
  const { modelId, maxOutputTokens, priceMax } = wanted
  const channel = channels.get(id)!.parts
  const inputTokens = wanted.promptTokens.length + (wanted.tokensSoFar?.length ?? 0)
  const nonce = channels.takeNonce(id, nowMs())
  const asked = { modelId, channel, inputTokens, maxOutputTokens, windowTokensMax, nonce }
  await stream.send({ type: 'quoteRequest', body: asked })
  const { body: reply } = await stream.next(['quote'], { ms: timeouts.quoteMs, what: 'quote' })
  await requireSigner('Quote', reply.quote, reply.signature, deployed, offer.node)
  checkQuote(reply.quote, { offer, asked, channel: id, priceMax, nowMs: nowMs() })
  return { asked, reply }
}

/** Adopts the provider's best voucher only when it carries our own signer's signature. */
async function settleBase(
  { channels, deployed }: OrderComponents,
  channel: ChannelRow,
  { due, best }: QuoteReply,
): Promise<bigint> {
  const known = channel.signed?.total ?? -1n
  if (best === null || best.total <= known) return agreedBase(channel, { due }, undefined)
  const value = { channelId: channel.id, maxClaimableAmount: best.total }
  const signer = await recoverStruct('Voucher', value, best.signature, deployed)
  if (!sameAddress(signer, channel.parts.signer)) {
    throw new AriaError('bad_quote', `The voucher that the provider shows was signed by ${signer}.`, {
      facts: { signer, expected: channel.parts.signer },
    })
  }
  const base = agreedBase(channel, { due }, best.total)
  channels.raiseSigned(channel.id, best)
  return base
}

async function signOrder(
  { signer, deployed }: OrderComponents,
  { offer, channel, wanted, deadline }: OrderInit,
  asked: QuoteRequest,
  { quote, signature: quoteSignature }: QuoteReply,
  base: bigint,
): Promise<Order> {
  const prompt = joinTokens(wanted.promptTokens, wanted.tokensSoFar)
  const salt = randomBytes(32)
  const { inputTokens, maxOutputTokens } = asked
  const answeredTokens = wanted.tokensSoFar?.length ?? 0
  const request = {
    quoteHash: digest('Quote', quote, deployed),
    channelId: channel,
    requestId: requestId(channel, asked.nonce),
    promptCommit: promptCommit(salt, prompt),
    ...{ inputTokens, answeredTokens, maxOutputTokens, ...wanted.sampling, seed: wanted.seed, base },
    deadline,
  }
  const { pricePerInputToken, pricePerOutputToken, windowTokens, prefillSharePercent } = quote
  const prices = { pricePerInputToken, pricePerOutputToken, windowTokens, prefillSharePercent }
  const terms: Terms = { ...prices, inputTokens, maxOutputTokens, base }
  const requestHash = digest('Request', request, deployed)
  const requestSignature = await signStruct('Request', request, deployed, signer)
  const signed = { quote, quoteSignature, request, requestHash, requestSignature }
  return { offer, channel, ...signed, salt: toHex(salt), prompt, terms }
}

export function joinTokens(first: Uint32Array, second: Uint32Array | undefined): Uint32Array {
  if (second === undefined || second.length === 0) return first
  const joined = new Uint32Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}

/** The deposit may have taken longer than the quote lives; nothing was promised yet, so simply start again. */
function checkStillValid({ quote }: Order, nowMs: number): void {
  if (quote.validUntil * 1000 > nowMs) return
  throw new AriaError(
    'quote_expired',
    `The quote ended at ${quote.validUntil}, before the deposit was mined.`,
    {
      hint: 'The channel is funded now; ask for a new quote.',
    },
  )
}
