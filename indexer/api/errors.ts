import type { AriaError, ErrorCode } from '@aria/sdk/protocol'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ErrorBody } from './types.ts'

const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  bad_request: 400,
  not_found: 404,
  busy: 503,
  chain_unreachable: 503,
}

export function errorStatus({ code }: AriaError): ContentfulStatusCode {
  return STATUS[code] ?? 500
}

export function errorBody({ code, message, hint }: AriaError): ErrorBody {
  return { error: { code, message, hint: hint ?? null } }
}
