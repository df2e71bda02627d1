import { type AriaError, type ErrorCode, toAriaError } from '../protocol/index.ts'
import { RETRY_AFTER_SECONDS } from './limits.ts'

type Status = 400 | 401 | 402 | 403 | 404 | 413 | 429 | 499 | 500 | 502 | 503 | 504

/** Everything not named is a failure of the provider or of ours; see `statusOf`. */
const STATUS: Partial<Record<ErrorCode, Status>> = {
  bad_request: 400,
  prompt_too_long: 400,
  client_unfunded: 402,
  price_too_high: 402,
  unknown_model: 404,
  not_found: 404,
  busy: 429,
  cancelled: 499,
  no_provider: 503,
  chain_unreachable: 503,
  storage_locked: 503,
  provider_timeout: 504,
  voucher_timeout: 504,
  internal: 500,
  bad_config: 500,
}

/** OpenAI's own codes where one exists, so that its clients react as they do there. */
const OPENAI_CODE: Partial<Record<ErrorCode, string>> = {
  prompt_too_long: 'context_length_exceeded',
  unknown_model: 'model_not_found',
  bad_request: 'invalid_request',
  busy: 'rate_limit_exceeded',
}

const TYPE: Partial<Record<Status, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'insufficient_funds',
  403: 'permission_error',
  404: 'invalid_request_error',
  413: 'invalid_request_error',
  429: 'rate_limit_error',
}

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string; facts?: unknown }
}

export function statusOf({ code }: AriaError): Status {
  return STATUS[code] ?? 502
}

/** OpenAI's error shape; the message says what happened and what to do. */
export function errorBody(thrown: unknown): {
  status: Status
  body: ErrorBody
  headers: Record<string, string>
} {
  const error = toAriaError(thrown)
  const status = statusOf(error)
  const { code, facts, hint } = error
  const param = typeof facts['param'] === 'string' ? facts['param'] : null
  const message = hint === undefined ? error.message : `${error.message} ${hint}`
  const type = TYPE[status] ?? 'api_error'
  const body = { error: { message, type, param, code: OPENAI_CODE[code] ?? code, facts: plainFacts(facts) } }
  return { status, body, headers: retryHeaders(status, facts) }
}

function retryHeaders(status: Status, facts: Record<string, unknown>): Record<string, string> {
  if (status !== 429 && status !== 503) return {}
  const waitMs = Number(facts['retryAfterMs'] ?? RETRY_AFTER_SECONDS * 1000)
  return { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }
}

function plainFacts(facts: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
}
