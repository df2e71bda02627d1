// Child processes that measure, each on the cores it is given.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { localnetConfig } from '../../localnet/config.ts'
import { asker, type Channel } from './commands.ts'

const STOP_GRACE_MS = 20_000
const QUOTED_LINES = 8

export interface WorkerInit {
  name: string
  /** Node's arguments: options, script, script's arguments. */
  args: readonly string[]
  cores?: string | undefined
  env?: Record<string, string>
  logFile: string
}

export interface Worker {
  readonly pid: number
  ask<T>(command: string, argument?: unknown): Promise<T>
  /** The `{"event":"ready"}` line of a program that prints one. */
  readonly ready: Promise<Record<string, unknown>>
  readonly exited: Promise<string>
  stop(): Promise<void>
}

/** The seller's core, and the rest for buyers and chain; undefined where the system cannot pin. */
export interface Cores {
  seller: string | undefined
  others: string | undefined
}

export function splitCores(): Cores {
  const count = availableParallelism()
  const canPin = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0
  if (count < 2 || !canPin) return { seller: undefined, others: undefined }
  return { seller: '0', others: count === 2 ? '1' : `1-${count - 1}` }
}

/** Moves this process, and every child that is not placed elsewhere, to the given cores. */
export function pinSelf(cores: string | undefined): void {
  if (cores !== undefined) spawnSync('taskset', ['-acp', cores, String(process.pid)])
}

export function startWorker({ name, args, cores, env = {}, logFile }: WorkerInit): Worker {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...args]
  const [command, ...rest] = cores === undefined ? node : ['taskset', '-c', cores, ...node]
  const child = spawn(command!, rest, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...localnetConfig(), ...env },
    detached: true, // Ctrl-C reaches only the launcher, which stops its workers in order.
  })
  const log = createWriteStream(logFile, { flags: 'a' })
  const recent: string[] = []
  const ready = Promise.withResolvers<Record<string, unknown>>()
  ready.promise.catch(() => {})
  const record = (line: string) => {
    log.write(`${line}\n`)
    recent.push(line)
    if (recent.length > QUOTED_LINES) recent.shift()
    if (line.startsWith('{"event":"ready"')) ready.resolve(JSON.parse(line))
  }
  createInterface({ input: child.stdout! }).on('line', record)
  createInterface({ input: child.stderr! }).on('line', record)
  const exited = new Promise<string>(resolve => {
    child.on('error', error => resolve(error.message))
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  exited.then(how => {
    log.end()
    ready.reject(new Error(`${name} ended (${how}):\n${recent.join('\n')}`))
  })
  return {
    pid: child.pid ?? 0,
    ask: asker(name, child as unknown as Channel, exited),
    ready: ready.promise,
    exited,
    stop: () => stop(child, exited),
  }
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
  await exited
  clearTimeout(timer)
}
