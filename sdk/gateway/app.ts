import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { AriaError, type Hex, stringifyReceiptBundle, toAriaError } from '../protocol/index.ts'
import { type ChatComponents, chatCompletions, findModel } from './chat.ts'
import { isLoopback, loopbackCors, requireKey, strangersOut } from './guards.ts'
import { errorBody } from './http-error.ts'
import { BODY_BYTES_MAX } from './limits.ts'
import { modelObject } from './models.ts'

export interface AppInit {
  hostname: string
  apiKey?: string
  /** Requests that failed for no fault of the caller. */
  onError?: (error: AriaError) => void
}

/** The OpenAI-compatible API, and what ARIA adds under /aria. */
export function gatewayApp({ hostname, apiKey, onError }: AppInit, components: ChatComponents): Hono {
  const { inference, models, limiter } = components
  const app = new Hono()
  app.use(strangersOut(isLoopback(hostname)), loopbackCors())
  app.get('/health', context => context.json({ ok: true }))
  if (apiKey !== undefined) app.use(requireKey(apiKey))
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX, onError: context => context.json(...tooLarge()) }))

  app.post('/v1/chat/completions', context => chatCompletions(context, components))
  app.get('/v1/models', context =>
    context.json({ object: 'list', data: models.map(model => modelObject(inference, model)) }),
  )
  app.get('/v1/models/:id', context =>
    context.json(modelObject(inference, findModel(models, context.req.param('id')))),
  )
  app.get('/aria/receipts/:requestId', context => {
    const requestId = context.req.param('requestId').toLowerCase() as Hex
    const bundle = inference.receipt(requestId)
    if (bundle === undefined) throw unknownReceipt(requestId)
    return context.body(stringifyReceiptBundle(bundle), 200, { 'content-type': 'application/json' })
  })
  app.get('/aria/status', async context => {
    const load = { running: limiter.running, waiting: limiter.waiting }
    const status = { ...(await inference.status()), ...load, offers: inference.offers().length }
    return context.body(plainJson(status), 200, { 'content-type': 'application/json' })
  })

  app.notFound(context => {
    const { method, path } = context.req
    const message = `There is no ${method} ${path}; see /v1/chat/completions, /v1/models, /aria/status.`
    return context.json(
      { error: { message, type: 'invalid_request_error', param: null, code: 'not_found' } },
      404,
    )
  })
  app.onError((thrown, context) => {
    const error = toAriaError(thrown)
    const { status, body, headers } = errorBody(error)
    if (status >= 500) onError?.(error)
    return context.json(body, status as 500, headers)
  })
  return app
}

function tooLarge() {
  const message = `The body exceeds ${BODY_BYTES_MAX} bytes.`
  const error = { message, type: 'invalid_request_error', param: 'body', code: 'context_length_exceeded' }
  return [{ error }, 413] as const
}

function unknownReceipt(requestId: string): AriaError {
  return new AriaError('not_found', `No receipt of request ${requestId} is kept here.`, {
    facts: { param: 'requestId' },
    hint: 'Transcripts stay in memory, for the last answers only: save a receipt soon after its answer.',
  })
}

function plainJson(value: unknown): string {
  const plain = (_: string, field: unknown) => {
    if (typeof field === 'bigint') return String(field)
    return field instanceof AriaError ? { code: field.code, message: field.message, hint: field.hint } : field
  }
  return JSON.stringify(value, plain)
}
