import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AriaError, PARCEL_BYTES_MAX, toAriaError } from '@aria/sdk/protocol'
import type { Log } from '../observe/log.ts'
import type { Tower } from './tower.ts'

const CONNECTIONS_MAX = 64
const REQUEST_TIMEOUT_MS = 10_000
export const PARCEL_PATH = '/parcels'

export interface TowerServer {
  url: string
  close(): Promise<void>
}

/** POST /parcels takes one sealed parcel and answers what was kept; everything else is refused. */
export async function serveTower(
  tower: Pick<Tower, 'take'>,
  host: string,
  port: number,
  log: Log,
): Promise<TowerServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS })
  server.maxConnections = CONNECTIONS_MAX
  server.on('request', async (request, response) => {
    const reply = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      response.end(JSON.stringify(body))
    }
    try {
      if (request.method !== 'POST' || request.url !== PARCEL_PATH)
        throw new AriaError('not_found', `POST a sealed parcel to ${PARCEL_PATH}.`)
      reply(200, await tower.take(await readBody(request)))
    } catch (thrown) {
      const { code, message, hint } = toAriaError(thrown)
      if (code === 'internal') log.error({ reason: message }, 'Parcel not taken')
      reply(STATUS[code] ?? 400, {
        error: { code, message: code === 'internal' ? 'The watchtower failed.' : message, hint },
      })
    }
  })
  server.listen(port, host)
  await once(server, 'listening')
  return { url: urlOf(server, host), close: () => closeServer(server) }
}

const STATUS: Record<string, number> = {
  not_found: 404,
  frame_too_large: 413,
  bad_signature: 403,
  internal: 500,
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > PARCEL_BYTES_MAX)
      throw new AriaError('frame_too_large', `A parcel has at most ${PARCEL_BYTES_MAX} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
