import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RpcFailure } from './schedule.ts'

/** Requests that hang are held up to this many, then refused. */
const HELD_MAX = 1_000
const BODY_BYTES_MAX = 8 * 1024 * 1024

/** One node's way to the chain's RPC, which can fail in every way that a hosted RPC does. */
export interface RpcProxy {
  url: string
  fail(how: RpcFailure | undefined): void
  /** Requests that were not simply passed on. */
  failed(): number
  close(): Promise<void>
}

export async function startRpcProxy(target: string, host: string, port = 0): Promise<RpcProxy> {
  let failure: RpcFailure | undefined
  let failed = 0
  const held = new Set<ServerResponse>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (failure !== undefined) failed++
    switch (failure) {
      case 'refuse':
        return void request.socket.destroy()
      case 'hang':
        if (held.size >= HELD_MAX) return void request.socket.destroy()
        held.add(response)
        response.once('close', () => held.delete(response))
        return
      case 'error':
        return void response.writeHead(503, { 'content-type': 'text/plain' }).end('upstream unavailable')
      case 'garbage':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Maintenance</html>')
      case 'twice':
        // A retrying load balancer: whatever the first try did, the answer is that of the second.
        await forward(target, body).catch(() => undefined)
    }
    const text = await forward(target, body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    fail(how) {
      failure = how
      if (how !== 'hang') for (const response of held) response.destroy()
    },
    failed: () => failed,
    close: () => close(server),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += (part as Buffer).length
    if (bytes > BODY_BYTES_MAX) throw new Error(`An RPC request is longer than ${BODY_BYTES_MAX} bytes.`)
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

async function forward(target: string, body: Buffer): Promise<string> {
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Uint8Array(body),
  })
  return await response.text()
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}
