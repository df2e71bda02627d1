import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localnetConfig } from '../../scripts/localnet/config.ts'
import { type Localnet, type LocalnetInit, startLocalnet } from '../../scripts/localnet/localnet.ts'
import { type Ports, portsFrom } from '../../scripts/localnet/ports.ts'

/** A whole real market in a temporary directory, on ports of its own. */
export interface TestMarket extends Localnet {
  dataDir: string
  dispose(): Promise<void>
}

/** Ports that one market uses, counted from its base. */
const PORT_SPAN = 50

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** Ports of a market of its own, so that tests do not meet. */
export async function freePorts(): Promise<Ports> {
  return portsFrom(String(Math.min(await freePort(), 65_000 - PORT_SPAN)))
}

export async function testMarket(init: Partial<LocalnetInit> = {}): Promise<TestMarket> {
  const dataDir = init.dataDir ?? mkdtempSync(join(tmpdir(), 'aria-market-'))
  const localnet = await startLocalnet({
    dataDir,
    fresh: false,
    ports: await freePorts(),
    env: localnetConfig(),
    ...init,
  })
  return {
    ...localnet,
    dataDir,
    dispose: async () => {
      await localnet.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Polls until `done`; fails only by the test's own timeout. */
export async function eventually<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read()
    if (done(value)) return value
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}
