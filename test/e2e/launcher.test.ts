import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicClient, http } from 'viem'
import { afterAll, expect, test } from 'vitest'
import { ROOT } from '../architecture/sources.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'aria-launcher-'))
const BASE = 7600
const rpc = createPublicClient({ transport: http(`http://127.0.0.1:${BASE + 20}`) })

afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

interface Launcher {
  child: ChildProcess
  output: () => string
  exited: Promise<number | null>
  until(text: string): Promise<void>
}

function launch(...args: string[]): Launcher {
  const script = join(ROOT, 'scripts', 'localnet', 'start.ts')
  const child = spawn(process.execPath, [script, '--data-dir', dataDir, '--port-base', String(BASE), ...args])
  let text = ''
  let changed = Promise.withResolvers<void>()
  const append = (data: Buffer) => {
    text += data
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }
  child.stdout.on('data', append)
  child.stderr.on('data', append)
  const exited = new Promise<number | null>(resolve => child.on('exit', resolve))
  return {
    child,
    output: () => text,
    exited,
    async until(wanted) {
      while (!text.includes(wanted)) {
        await Promise.race([
          changed.promise,
          exited.then(() => Promise.reject(new Error(`Ended without "${wanted}":\n${text}`))),
        ])
      }
    },
  }
}

/** Processes that carry this market's directory in their arguments or environment. */
function survivors(): string[] {
  const lines = execFileSync('ps', ['axeww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  }).split('\n')
  return lines.filter(line => line.includes(dataDir) && !line.includes('ps axeww'))
}

test('a port in use ends the launcher with one clear sentence and starts nothing', async () => {
  const blocker = createServer()
  await new Promise<void>(resolve => blocker.listen(BASE + 10, '127.0.0.1', resolve))

  const launcher = launch()
  const code = await launcher.exited
  await new Promise(resolve => blocker.close(resolve))

  expect(code).toBe(1)
  expect(launcher.output()).toContain(`Port ${BASE + 10} (gateway) is in use by another program.`)
  expect(survivors()).toEqual([])
})

test('Ctrl-C stops every process, and the next start continues the same chain', async () => {
  const first = launch()
  await first.until('ARIA is running')
  const block = await rpc.getBlockNumber()
  const { hash } = await rpc.getBlock({ blockNumber: block })
  first.child.kill('SIGINT')

  expect(await first.exited).toBe(0)
  expect(survivors()).toEqual([])

  const second = launch()
  await second.until('ARIA is running')
  const again = await rpc.getBlock({ blockNumber: block })
  second.child.kill('SIGINT')

  expect(again.hash).toBe(hash)
  expect(await second.exited).toBe(0)
  expect(survivors()).toEqual([])
})

test('a third start still finds its chain, and a killed launcher takes its programs with it', async () => {
  const launcher = launch()
  await launcher.until('ARIA is running')

  launcher.child.kill('SIGKILL')
  await launcher.exited

  await expect
    .poll(() => survivors().filter(line => !line.includes('anvil')), { timeout: 30_000 })
    .toEqual([])
  for (const line of survivors()) process.kill(Number.parseInt(line, 10), 'SIGTERM')
})
