import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AriaError } from '@aria/sdk/protocol'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'

export interface HttpServer {
  url: string
  stop(): Promise<void>
}

/** @throws AriaError `bad_config` when the port is taken. */
export async function serveHttp(
  app: Hono,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  await listen(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        // Live-update streams never end by themselves.
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(cause)
      reject(
        new AriaError('bad_config', `Port ${port} on ${host} is in use.`, {
          hint: 'Stop the program that uses it, or set ARIA_PORT.',
          cause,
        }),
      )
    })
    server.listen(port, host, () => resolve())
  })
}
