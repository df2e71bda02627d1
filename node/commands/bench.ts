import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { Command } from 'commander'
import { type BenchResult, bench, type Phase } from '../inference/bench.ts'
import { fileSha256 } from '../models/download.ts'
import { table } from './models.ts'
import { MODEL_DEFAULT, whole, wholes } from './options.ts'
import { printJson } from './output.ts'
import { loadWithProgress, progressBar } from './progress.ts'
import { stopSignal } from './until-stopped.ts'

interface Flags {
  model: string
  threads: number[]
  prompt: number
  output: number
  rounds: number
  json?: boolean
}

export function benchCommand(): Command {
  const cores = cpus().length
  return new Command('bench')
    .description('Measure how fast and how frugal this machine runs a model')
    .option('-m, --model <file>', 'GGUF file (default: the built-in model)', MODEL_DEFAULT)
    .option('--threads <counts>', 'thread counts to measure, comma separated', wholes(1, 256), [
      ...new Set([1, cores]),
    ])
    .option('--prompt <tokens>', 'prompt length', whole(1, 65_536), 512)
    .option('--output <tokens>', 'tokens to decode', whole(1, 65_536), 128)
    .option('--rounds <count>', 'the best of so many rounds counts', whole(1, 100), 3)
    .option('--json', 'print one JSON object instead of a table')
    .action(run)
}

interface Loaded {
  results: BenchResult[]
  loadSeconds: number
  kernels: string
}

async function run(flags: Flags): Promise<void> {
  const signal = stopSignal()
  const sha256 = await fileSha256(flags.model)
  const loaded: Loaded = { results: [], loadSeconds: Number.POSITIVE_INFINITY, kernels: '' }
  for (const threads of flags.threads) await measure(flags, threads, loaded, signal)
  if (flags.json) printJson(asChecks(loaded, sha256))
  else process.stdout.write(asTable(flags, loaded, sha256))
}

async function measure(flags: Flags, threads: number, loaded: Loaded, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now()
  const model = await loadWithProgress(flags.model, { threads, signal })
  loaded.loadSeconds = Math.min(loaded.loadSeconds, (performance.now() - startedMs) / 1000)
  loaded.kernels = model.info.kernels
  const bar = progressBar(`Measuring with ${threads} ${threads === 1 ? 'thread' : 'threads'}`)
  try {
    // A model with a short context is measured within it.
    const outputTokens = Math.max(1, Math.min(flags.output, Math.floor(model.info.contextLength / 2)))
    const promptTokens = Math.min(flags.prompt, model.info.contextLength - outputTokens)
    loaded.results.push(
      await bench(model, {
        ...{ promptTokens, outputTokens, rounds: flags.rounds, signal },
        onRound: done => bar.show(done / flags.rounds),
      }),
    )
  } finally {
    bar.clear()
    await model.close()
  }
}

const PHASES = ['prefill', 'decode', 'verify'] as const

/** The form of every measuring command; no figure is promised here, so each is good that could be measured. */
function asChecks({ results, loadSeconds, kernels }: Loaded, sha256: string): object {
  const check = (name: string, value: number | string, unit: string) => ({
    ...{ name, value: typeof value === 'number' ? Number(value.toPrecision(4)) : value },
    ...{ unit, goal: null, ok: typeof value === 'string' || Number.isFinite(value) },
  })
  const checks = [
    check('model.sha256', sha256, 'hex'),
    check('kernels', kernels, 'name'),
    check('load.seconds', loadSeconds, 's'),
    ...results.flatMap(result =>
      PHASES.flatMap(phase => {
        const { tokensPerSecond, cpuSecondsPerToken, joulesPerToken } = result[phase]
        const name = `${phase}.threads_${result.threads}`
        return [
          check(`${name}.tokens_per_s`, tokensPerSecond, 'tokens/s'),
          check(`${name}.cpu_s_per_token`, cpuSecondsPerToken, 'CPU-s/token'),
          ...(joulesPerToken === undefined ? [] : [check(`${name}.j_per_token`, joulesPerToken, 'J/token')]),
        ]
      }),
    ),
  ]
  return { ok: checks.every(({ ok }) => ok), checks, machine: machine(), commit: commit() }
}

function asTable(flags: Flags, { results, loadSeconds, kernels }: Loaded, sha256: string): string {
  const cost = ({ cpuSecondsPerToken, joulesPerToken }: Phase) =>
    joulesPerToken === undefined
      ? `${(cpuSecondsPerToken * 1000).toPrecision(3)} ms CPU`
      : `${joulesPerToken.toPrecision(3)} J`
  const rows = results.flatMap(result =>
    PHASES.map(phase => {
      const { tokensPerSecond } = result[phase]
      return [phase, String(result.threads), tokensPerSecond.toFixed(1), cost(result[phase])]
    }),
  )
  const isMeasured = results.some(({ decode }) => decode.joulesPerToken !== undefined)
  const note = isMeasured
    ? 'Energy is what the CPU packages drew (RAPL), other programs included.'
    : 'No energy counter may be read here (RAPL), so cost is CPU time.'
  return [
    `${flags.model}  sha256 ${sha256.slice(0, 16)}…\n`,
    `${machine()}, kernels ${kernels}, loaded in ${loadSeconds.toFixed(2)} s\n\n`,
    table([['PHASE', 'THREADS', 'TOKENS/S', 'PER TOKEN'], ...rows]),
    `\nBest of ${flags.rounds} rounds. ${note}\n`,
    `A provider's offer may say so: ${energyFlag(results)}\n`,
  ].join('')
}

/** What decoding costs with the most threads, as `aria provider start` takes it. */
function energyFlag(results: readonly BenchResult[]): string {
  const { cpuSecondsPerToken, joulesPerToken } = results.at(-1)!.decode
  const [source, figure] =
    joulesPerToken === undefined ? ['cpu-time', cpuSecondsPerToken] : ['rapl', joulesPerToken]
  return `--energy ${source}:${Math.max(figure, 1e-6).toFixed(6)}`
}

function machine(): string {
  return `${cpus()[0]?.model.trim() ?? process.arch}, ${cpus().length} cores, ${process.platform}`
}

function commit(): string {
  try {
    const folder = new URL('.', import.meta.url)
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}
