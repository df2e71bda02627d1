import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { AriaError } from '../protocol/index.ts'
import type { Inference } from './answer.ts'
import { gatewayApp } from './app.ts'
import { isLoopback } from './guards.ts'
import { limiter } from './limiter.ts'
import { CONCURRENT_MAX, WAITING_MAX } from './limits.ts'
import type { GatewayModel } from './tokenizer.ts'

export interface GatewayInit {
  port: number
  /** Loopback by default: whoever reaches the gateway spends its wallet's money. */
  hostname?: string
  /** Needed when the gateway listens on more than loopback. */
  apiKey?: string
  concurrentMax?: number
  waitingMax?: number
  onError?: (error: AriaError) => void
}

export interface GatewayComponents {
  inference: Inference
  models: readonly GatewayModel[]
  nowMs?: () => number
}

export interface Gateway {
  readonly url: string
  /** Stops listening and cuts open answers. */
  close(): Promise<void>
}

/** @throws AriaError `bad_config` when the port is taken or a public address has no key. */
export async function startGateway(init: GatewayInit, components: GatewayComponents): Promise<Gateway> {
  const { port, hostname = '127.0.0.1', apiKey, onError } = init
  if (!isLoopback(hostname) && apiKey === undefined) {
    throw new AriaError('bad_config', `The gateway would listen on ${hostname} for everyone.`, {
      hint: 'Set ARIA_API_KEY, or listen on 127.0.0.1.',
    })
  }
  const places = limiter(init.concurrentMax ?? CONCURRENT_MAX, init.waitingMax ?? WAITING_MAX)
  const { inference, models, nowMs = Date.now } = components
  const settings = {
    hostname,
    ...(apiKey !== undefined && { apiKey }),
    ...(onError !== undefined && { onError }),
  }
  const app = gatewayApp(settings, { inference, models, nowMs, limiter: places })
  const server = createAdaptorServer({ fetch: app.fetch, hostname }) as Server
  await listen(server, port, hostname)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${bound}`,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, port: number, hostname: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => {
      const hint = 'Stop the other program, or choose another port with ARIA_PORT.'
      reject(
        new AriaError('bad_config', `Cannot listen on ${hostname}:${port}: ${cause.message}`, {
          hint,
          cause,
        }),
      )
    })
    server.listen(port, hostname, resolve)
  })
}
