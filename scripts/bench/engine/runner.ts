// A child process that measures on demand: one job per line in, one line of JSON out. Both sides stay loaded, so that
// jobs of the two can alternate.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'

export type Job = 'decode' | 'prefill' | 'batch16' | 'generate' | 'verify'

export interface Measured {
  job: Job
  tokens: number
  wallSeconds: number
  cpuSeconds: number
}

export interface Runner {
  run(job: Job, threads: number): Promise<Measured>
  readonly ready: Record<string, unknown>
  close(): Promise<void>
}

export async function startRunner(command: string, args: readonly string[]): Promise<Runner> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout! })
  const next = lineReader(child, lines, [command, ...args].join(' '))
  const ready = (await next()) as Record<string, unknown>
  return {
    ready,
    async run(job, threads) {
      child.stdin!.write(`${job} ${threads}\n`)
      return (await next()) as Measured
    },
    async close() {
      child.stdin!.end()
      if (child.exitCode === null) await new Promise(resolve => child.once('exit', resolve))
    },
  }
}

function lineReader(child: ChildProcess, lines: Interface, name: string): () => Promise<unknown> {
  const iterator = lines[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await iterator.next()
    if (done === true) throw new Error(`${name} ended with code ${child.exitCode} before it answered.`)
    return JSON.parse(value)
  }
}
