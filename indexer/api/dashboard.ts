import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AriaError } from '@aria/sdk/protocol'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Hono } from 'hono'

/** Vite names its assets by content, so they never change under one name. */
const ASSET_CACHE = 'public, max-age=31536000, immutable'

/** Serves the built dashboard; an address that is no file is a route of the page itself. */
export function dashboard(app: Hono, root: string): void {
  app.use('/assets/*', async (context, next) => {
    await next()
    if (context.res.ok) context.header('Cache-Control', ASSET_CACHE)
  })
  app.use('*', serveStatic({ root }))
  app.get('*', async context => {
    const page = join(root, 'index.html')
    const isFile = /\.[a-z0-9]{2,5}$/.test(context.req.path)
    if (isFile) throw new AriaError('not_found', `${context.req.path} does not exist.`)
    if (!existsSync(page)) {
      throw new AriaError('not_found', 'The dashboard is not built.', { hint: 'Run npm run build -w web.' })
    }
    return context.html(await readFile(page, 'utf8'))
  })
}
