import { createServer } from 'node:net'
import { AriaError } from '@aria/sdk/protocol'

export interface Ports {
  dashboard: number
  gateway: number
  chain: number
  /** First provider; the others follow. */
  provider: number
}

export async function requireFreePorts(ports: Ports, providerCount: number): Promise<void> {
  const wanted: [string, number][] = [
    ['dashboard', ports.dashboard],
    ['gateway', ports.gateway],
    ['chain', ports.chain],
    ...Array.from({ length: providerCount }, (_, index): [string, number] => [
      `provider ${index + 1}`,
      ports.provider + index,
    ]),
  ]
  for (const [name, port] of wanted) {
    if (await isFree(port)) continue
    throw new AriaError('bad_config', `Port ${port} (${name}) is in use by another program.`, {
      facts: { port, name },
      hint: 'Stop that program, or choose other ports with --port-base N (uses N to N+50).',
    })
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export const PORT_BASE = 4600

/** @throws AriaError `bad_config` when the text is no usable port. */
export function portsFrom(base: string): Ports {
  const first = Number(base)
  if (!Number.isInteger(first) || first < 1024 || first > 65_000) {
    throw new AriaError('bad_config', `--port-base ${base} is not a port between 1024 and 65000.`)
  }
  return { dashboard: first, gateway: first + 10, chain: first + 20, provider: first + 31 }
}
