import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { AriaError } from '@aria/sdk/protocol'

/** After this a process that ignores SIGTERM is killed. */
const STOP_GRACE_MS = 20_000
/** Lines of a log quoted when a process dies before it was ready. */
const QUOTED_LINES = 5

export interface ChildSpec {
  name: string
  command: string
  args: readonly string[]
  env?: Record<string, string>
  logFile: string
  /** ARIA programs keep an IPC channel and leave when it closes, so nothing outlives a killed launcher. */
  ipc?: boolean
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** The JSON of the program's `{"event":"ready", …}` line. Rejects when it exits first or the signal aborts. */
  ready(signal: AbortSignal): Promise<Record<string, unknown>>
  /** Resolves with the exit description once the process is gone. */
  readonly exited: Promise<string>
  stop(): Promise<void>
}

/** Starts a program in its own process group (Ctrl-C reaches only the launcher, which stops children in order). */
export function startChild(spec: ChildSpec, baseEnv: Record<string, string | undefined>): Child {
  const log = createWriteStream(spec.logFile, { flags: 'a' })
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(spec.ipc ? (['ipc'] as const) : [])],
    env: { ...baseEnv, ...spec.env },
  })
  const recent: string[] = []
  const ready = Promise.withResolvers<Record<string, unknown>>()
  const exited = Promise.withResolvers<string>()
  ready.promise.catch(() => {})

  const record = (line: string) => {
    log.write(`${line}\n`)
    recent.push(line)
    if (recent.length > QUOTED_LINES) recent.shift()
  }
  createInterface({ input: child.stderr! }).on('line', record)
  createInterface({ input: child.stdout! }).on('line', line => {
    record(line)
    const event = readyEvent(line)
    if (event !== undefined) ready.resolve(event)
  })
  child.on('error', error => exited.resolve(error.message))
  child.on('exit', (code, signal) => exited.resolve(signal ?? `exit code ${code}`))
  exited.promise.then(how => {
    log.end()
    ready.reject(diedEarly(spec, how, recent))
  })

  return {
    name: spec.name,
    pid: child.pid ?? 0,
    exited: exited.promise,
    ready: signal => Promise.race([ready.promise, aborted(signal, spec)]),
    stop: () => stop(child, exited.promise),
  }
}

function readyEvent(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed: unknown = JSON.parse(line)
    const isReady =
      typeof parsed === 'object' && parsed !== null && 'event' in parsed && parsed.event === 'ready'
    return isReady ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function diedEarly(spec: ChildSpec, how: string, recent: readonly string[]): AriaError {
  return new AriaError(
    'internal',
    `${spec.name} ended before it was ready (${how}).\n${recent.map(line => `    ${line}`).join('\n')}`,
    {
      facts: { name: spec.name, how },
      hint: `Its whole log: ${spec.logFile}`,
    },
  )
}

function aborted(signal: AbortSignal, spec: ChildSpec): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () =>
      reject(
        new AriaError('cancelled', `${spec.name} was not ready in time.`, {
          hint: `Its log: ${spec.logFile}`,
        }),
      )
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
  await exited
  clearTimeout(timer)
}
