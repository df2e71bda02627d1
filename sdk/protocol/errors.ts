/** Every code an ARIA error can carry. Callers switch on `code`, never on class or text. */
export type ErrorCode =
  | 'bad_frame'
  | 'frame_too_large'
  | 'bad_signature'
  | 'wrong_chain'
  | 'wrong_payee'
  | 'bad_deployment'
  | 'bad_config'
  | 'bad_request'
  | 'bad_offer'
  | 'bad_quote'
  | 'bad_receipt'
  | 'bad_proof'
  | 'unknown_model'
  | 'prompt_too_long'
  | 'price_too_high'
  | 'quote_expired'
  | 'voucher_too_small'
  | 'voucher_stale'
  | 'voucher_timeout'
  | 'base_too_low'
  | 'channel_thawing'
  | 'channel_unfunded'
  | 'client_unfunded'
  | 'deposit_too_small'
  | 'request_replayed'
  | 'peer_banned'
  | 'busy'
  | 'no_provider'
  | 'provider_failed'
  | 'provider_timeout'
  | 'interrupted'
  | 'chain_unreachable'
  | 'chain_rejected'
  | 'cancelled'
  | 'not_found'
  | 'storage_locked'
  | 'internal'

export interface ErrorDetails {
  /** The values that explain the failure; shown to users, so never keys, prompts or outputs. */
  facts?: Record<string, unknown>
  /** The one change that would help. */
  hint?: string
  cause?: unknown
}

/** The one error type of the SDK: what happened, with which values, and what to do. */
export class AriaError extends Error {
  readonly code: ErrorCode
  readonly facts: Record<string, unknown>
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'AriaError'
    this.code = code
    this.facts = details.facts ?? {}
    this.hint = details.hint
  }
}

/** Turns whatever was thrown into an AriaError, keeping it when it already is one. */
export function toAriaError(thrown: unknown, code: ErrorCode = 'internal'): AriaError {
  if (thrown instanceof AriaError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new AriaError(code, message, { cause: thrown })
}
