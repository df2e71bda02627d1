import { timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1'
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(new URL(origin).host)
}

/** Dashboards on this machine may read; no other web page can, and none can spend the user's money. */
export function loopbackCors(): MiddlewareHandler {
  return cors({
    origin: origin => (isLoopbackOrigin(origin) ? origin : null),
    exposeHeaders: ['x-aria-provider', 'x-aria-request-id', 'x-aria-provider-choice'],
  })
}

const refusal = (message: string, type: string, code: string) => ({
  error: { message, type, param: null, code },
})

/** A page elsewhere reaches a local port by a form post or by DNS rebinding: Origin and Host give both away. */
export function strangersOut(isLocal: boolean): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header('origin')
    const host = context.req.header('host') ?? ''
    const isForeign = origin !== undefined && !isLoopbackOrigin(origin)
    if (isForeign || (isLocal && !isLoopback(host))) {
      const what = isForeign ? `pages of ${origin}` : `host name ${host}`
      const body = refusal(`This gateway does not serve ${what}.`, 'permission_error', 'forbidden_origin')
      return context.json(body, 403)
    }
    return await next()
  }
}

export function requireKey(apiKey: string): MiddlewareHandler {
  const expected = Buffer.from(`Bearer ${apiKey}`)
  return async (context, next) => {
    const given = Buffer.from(context.req.header('authorization') ?? '')
    if (given.length === expected.length && timingSafeEqual(given, expected)) return await next()
    const message = 'The API key is missing or wrong; send ARIA_API_KEY as a bearer token.'
    return context.json(refusal(message, 'authentication_error', 'invalid_api_key'), 401)
  }
}
