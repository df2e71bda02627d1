import { AriaError, type Deployment, epochAt, type Hex, toAriaError } from '@aria/sdk/protocol'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import type { Database } from '../db/open.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { audits } from '../queries/audits.ts'
import { providerEpochs } from '../queries/epochs.ts'
import { networkView } from '../queries/network.ts'
import { owedTo, providers, refusedReceipts } from '../queries/providers.ts'
import { requests } from '../queries/requests.ts'
import { series } from '../queries/series.ts'
import { answers } from './answers.ts'
import { dashboard } from './dashboard.ts'
import { errorBody, errorStatus } from './errors.ts'
import { changeStream } from './events.ts'
import { auditsQuery, operatorParam, PAGE_ROWS_DEFAULT, parseInput, requestsQuery } from './input.ts'
import type { HealthView, ProviderDetail } from './types.ts'

export interface AppComponents {
  db: Database
  deployment: Deployment
  ingest: Pick<Ingest, 'status' | 'now'>
  changes: Changes
  modelName: (id: Hex) => string | null
  log: Logger
  /** Folder of the built dashboard. */
  webRoot: string
}

export function createApp(components: AppComponents): Hono {
  const app = new Hono()
  app.use('/api/*', cors({ origin: origin => (isLoopback(origin) ? origin : null) }))
  // Before compression and hashing, which would wait for the end of a stream that has none.
  app.get('/api/events', context => changeStream(context, components.changes))
  app.use('*', compress())
  app.use('*', etag())
  answerRoutes(app, components)
  app.all('/api/*', context => {
    throw new AriaError('not_found', `${context.req.method} ${context.req.path} does not exist.`)
  })
  dashboard(app, components.webRoot)
  app.onError((thrown, context) => {
    const error = toAriaError(thrown)
    const status = errorStatus(error)
    if (status === 500) components.log.error({ err: thrown, path: context.req.path }, 'Request failed')
    return context.json(errorBody(error), status)
  })
  return app
}

function answerRoutes(app: Hono, components: AppComponents): void {
  const { db, deployment, ingest, changes, modelName } = components
  const answer = answers(changes)
  const get = (path: string, compute: (request: RequestInput) => Promise<unknown>) =>
    app.get(path, async context => {
      const request = { query: context.req.query(), params: context.req.param() }
      const body = await answer(context.req.url, () => compute(request))
      return context.body(body, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' })
    })

  app.get('/api/health', context => {
    const health = healthOf(ingest.status)
    return context.json(health, health.ok ? 200 : 503)
  })
  get('/api/network', () => {
    return networkView(db, { deployment, now: ingest.now(), lagBlocks: ingest.status.lagBlocks })
  })
  get('/api/network/series', () => series(db, epochAt(ingest.now(), deployment), deployment))
  get('/api/providers', async () => {
    const all = await providers(db, { now: ingest.now(), modelName })
    return all.map(({ summary }) => summary)
  })
  get('/api/providers/:operator', ({ params }) => {
    return providerDetail(components, parseInput(operatorParam, params).operator)
  })
  get('/api/audits', ({ query }) => {
    return audits(db, { ...parseInput(auditsQuery, query), now: ingest.now(), deployment })
  })
  get('/api/requests', ({ query }) => requests(db, { ...parseInput(requestsQuery, query), modelName }))
}

interface RequestInput {
  query: Record<string, string>
  params: Record<string, string>
}

async function providerDetail(components: AppComponents, operator: Hex): Promise<ProviderDetail> {
  const { db, deployment, ingest, modelName } = components
  const now = ingest.now()
  const all = await providers(db, { now, modelName })
  const found = all.find(({ key }) => key.operator === operator)
  if (found === undefined) throw new AriaError('not_found', `${operator} is not registered as a provider.`)
  const [owed, epochs, verdicts, refused] = await Promise.all([
    owedTo(db, operator),
    providerEpochs(db, operator, deployment),
    audits(db, { operator, limit: PAGE_ROWS_DEFAULT, now, deployment }),
    refusedReceipts(db, found.key.node),
  ])
  return {
    ...found.summary,
    payout: found.key.payout,
    unbonding: String(found.stake.unbonding),
    unbondEnd: found.stake.unbondEnd,
    owed: String(owed),
    multiaddrs: found.offer?.multiaddrs ?? [],
    epochs,
    audits: verdicts,
    refusedReceipts: refused,
  }
}

function healthOf({ cursor, head, lagBlocks, failure }: Ingest['status']): HealthView {
  return {
    ok: failure === undefined && lagBlocks !== null,
    block: cursor?.blockNumber ?? null,
    headBlock: head?.number ?? null,
    lagBlocks,
    failure: failure === undefined ? null : errorBody(failure).error,
  }
}

function isLoopback(origin: string): boolean {
  const { hostname } = URL.parse(origin) ?? { hostname: '' }
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}
