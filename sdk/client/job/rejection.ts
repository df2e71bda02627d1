import { AriaError, type ErrorCode, type RejectReply } from '../../protocol/index.ts'

/** The codes a provider may give; others say nothing we could act on. */
const REJECT_CODES: readonly ErrorCode[] = [
  'busy',
  'unknown_model',
  'prompt_too_long',
  'price_too_high',
  'quote_expired',
  'voucher_too_small',
  'voucher_stale',
  'base_too_low',
  'channel_thawing',
  'channel_unfunded',
  'request_replayed',
  'bad_request',
  'bad_signature',
  'wrong_payee',
  'wrong_chain',
  'chain_unreachable',
]

export function rejection({ code, message, retryAfterMs }: RejectReply): AriaError {
  const known = REJECT_CODES.find(name => name === code)
  return new AriaError(known ?? 'provider_failed', `The provider refused (${code}): ${message}`, {
    facts: { rejected: true, providerCode: code, ...(retryAfterMs > 0 && { retryAfterMs }) },
  })
}

/** True for an error that the provider stated in a reject frame: it did no work. */
export function isRejection(error: AriaError): boolean {
  return error.facts['rejected'] === true
}
