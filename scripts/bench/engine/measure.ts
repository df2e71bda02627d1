// Alternates our jobs with the peer's, and keeps the best of each: other programs can only make a run slower.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PeerProgram } from './native.ts'
import { type Job, type Measured, type Runner, startRunner } from './runner.ts'
import type { ShapeName } from './shapes.ts'

export interface Best {
  /** Tokens per second of wall time. */
  tokensPerSecond: number
  /** Tokens per CPU-second. */
  tokensPerCpuSecond: number
}

export interface ShapeResult {
  loadSeconds: number
  kernels: string
  /** By '<job>.<threads>'. */
  ours: Map<string, Best>
  peer: Map<string, Best>
}

export interface Probe {
  threads: number
  readGBps: number
  vnniTops: number
}

export function probe(program: string, threads: number): Probe {
  return JSON.parse(execFileSync(program, [String(threads), '768'], { encoding: 'utf8' })) as Probe
}

export interface MeasureInit {
  path: string
  peer: PeerProgram
  jobs: readonly (readonly [job: Job, threads: number])[]
  rounds: number
  /** Some shapes are only the peer's: its FP16, which we do not compete with. */
  isPeerOnly: boolean
  log(text: string): void
}

/** The peer is measured with and without flash attention; its better figure counts. */
const PEER_JOBS: ReadonlySet<Job> = new Set(['decode', 'prefill', 'batch16'])
const CONTEXT = '2048'
const OURS = fileURLToPath(new URL('./ours.ts', import.meta.url))

export async function measureShape(name: ShapeName, init: MeasureInit): Promise<ShapeResult> {
  const { path, peer, jobs, rounds, log } = init
  const result: ShapeResult = { loadSeconds: Number.NaN, kernels: '', ours: new Map(), peer: new Map() }
  const threadCounts = [...new Set(jobs.map(([, threads]) => threads))]
  const ours = new Map<number, Runner>()
  const peers: Runner[] = []
  // After the first round only the variant that was faster at a job goes on with it.
  const better = new Map<string, Runner[]>()
  const runPeers = async (each: readonly Runner[], job: Job, threads: number, key: string) => {
    let fastest = Number.POSITIVE_INFINITY
    for (const runner of each) {
      const measured = await runner.run(job, threads)
      keep(result.peer, key, measured)
      if (measured.wallSeconds < fastest) better.set(key, [runner])
      fastest = Math.min(fastest, measured.wallSeconds)
    }
  }
  try {
    for (const flash of ['0', '1'])
      peers.push(await startRunner(peer.program, [path, peer.backends, CONTEXT, flash]))
    for (const threads of init.isPeerOnly ? [] : threadCounts) {
      const runner = await startRunner(process.execPath, [OURS, path, String(threads)])
      ours.set(threads, runner)
      const seconds = Number(runner.ready['loadSeconds'])
      result.loadSeconds = Number.isNaN(result.loadSeconds) ? seconds : Math.min(result.loadSeconds, seconds)
      result.kernels = String(runner.ready['kernels'])
    }
    for (let round = 0; round < rounds; round++)
      for (const [job, threads] of jobs) {
        const key = `${job}.${threads}`
        const mine = ours.get(threads)
        if (mine !== undefined) keep(result.ours, key, await mine.run(job, threads))
        if (PEER_JOBS.has(job)) await runPeers(better.get(key) ?? peers, job, threads, key)
        log(`${name} round ${round + 1}/${rounds} ${key}: ${compared(result, key)}`)
      }
  } finally {
    await Promise.allSettled([...ours.values(), ...peers].map(runner => runner.close()))
  }
  return result
}

function keep(into: Map<string, Best>, key: string, { tokens, wallSeconds, cpuSeconds }: Measured): void {
  const before = into.get(key) ?? { tokensPerSecond: 0, tokensPerCpuSecond: 0 }
  into.set(key, {
    tokensPerSecond: Math.max(before.tokensPerSecond, tokens / wallSeconds),
    tokensPerCpuSecond: Math.max(before.tokensPerCpuSecond, tokens / cpuSeconds),
  })
}

function compared({ ours, peer }: ShapeResult, key: string): string {
  const text = (best: Best | undefined) =>
    best === undefined ? '-' : `${best.tokensPerSecond.toFixed(1)} tok/s`
  return `ours ${text(ours.get(key))}, llama.cpp ${text(peer.get(key))}`
}
