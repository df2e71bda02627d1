import type { KnownOffer } from '../../p2p/index.ts'
import {
  AriaError,
  type Hex,
  PREFILL_SHARE_PERCENT,
  type Quote,
  type QuoteReply,
  type QuoteRequest,
} from '../../protocol/index.ts'
import type { ChannelRow } from '../store/index.ts'
import type { InferRequest } from './job.ts'

/** A quote that binds for longer would outlive the price it states. */
const QUOTE_LIFETIME_SECONDS_MAX = 600

export interface QuoteContext {
  offer: KnownOffer
  asked: QuoteRequest
  channel: Hex
  priceMax: InferRequest['priceMax']
  nowMs: number
}

/** Compares a quote, whose signature was checked, with the offer and with what was asked. @throws `bad_quote`, `price_too_high`. */
export function checkQuote(quote: Quote, { offer, asked, channel, priceMax, nowMs }: QuoteContext): void {
  same('channelId', quote.channelId, channel)
  same('modelId', quote.modelId, asked.modelId)
  same('inputTokens', quote.inputTokens, asked.inputTokens)
  same('maxOutputTokens', quote.maxOutputTokens, asked.maxOutputTokens)
  same('nonce', quote.nonce, asked.nonce)
  within('windowTokens', quote.windowTokens, 1, asked.windowTokensMax)
  within('prefillSharePercent', quote.prefillSharePercent, 0, PREFILL_SHARE_PERCENT)
  const nowSeconds = nowMs / 1000
  within('validUntil', quote.validUntil, nowSeconds, nowSeconds + QUOTE_LIFETIME_SECONDS_MAX)
  const { pricePerInputToken, pricePerOutputToken } = offer.offer
  atMost('input', quote.pricePerInputToken, pricePerInputToken, priceMax?.input)
  atMost('output', quote.pricePerOutputToken, pricePerOutputToken, priceMax?.output)
}

function same<T extends bigint | number | string>(field: string, got: T, asked: T): void {
  if (got === asked) return
  throw new AriaError('bad_quote', `The quote has ${field} ${got}, asked was ${asked}.`, {
    facts: { field, got, asked },
  })
}

function within(field: string, got: number, min: number, max: number): void {
  if (got >= min && got <= max) return
  throw new AriaError('bad_quote', `The quote has ${field} ${got}, allowed is ${min} to ${max}.`, {
    facts: { field, got, min, max },
  })
}

function atMost(kind: string, quoted: bigint, offered: bigint, limit: bigint | undefined): void {
  if (quoted > offered) {
    throw new AriaError(
      'bad_quote',
      `The quote asks ${quoted} wei per ${kind} token, the offer ${offered}.`,
      {
        facts: { kind, quoted, offered },
      },
    )
  }
  if (limit !== undefined && quoted > limit) {
    throw new AriaError(
      'price_too_high',
      `${quoted} wei per ${kind} token is more than the limit of ${limit}.`,
    )
  }
}

/**
 * What the channel owes before this request. The provider's number counts only as far as our own signature proves it:
 * after a settled request it must equal the receipt; after a broken one it may reach what we signed.
 * `shown` is the provider's voucher, already found to carry our signer's signature.
 * @throws AriaError `bad_quote`.
 */
export function agreedBase(
  { due, settled, signed }: ChannelRow,
  reply: Pick<QuoteReply, 'due'>,
  shown: bigint | undefined,
): bigint {
  if (reply.due <= due) return due
  const known = signed?.total ?? 0n
  const isForgotten = shown !== undefined && shown > known
  const provable = isForgotten ? shown : settled ? due : known
  if (reply.due <= provable) return reply.due
  throw new AriaError('bad_quote', `The provider claims ${reply.due}, provable is ${provable}.`, {
    facts: { claimed: reply.due, due, signed: known, settled },
    hint: 'The provider asks for money that no signature supports.',
  })
}
