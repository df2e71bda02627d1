// npm run profile:engine [-- --json] [--shape <names>] [--context <positions>] [--threads <counts>]: where the time of a
// step goes, for one decoded token and for a prompt's 64 rows, at the end of a context of so many positions.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildProfile } from '../../engine/scripts/build-profile.mjs'
import { SHAPE_NAMES, type ShapeName, writeShape } from '../bench/engine/shapes.ts'
import { atMost, type Check, measured, report } from '../checks.ts'

const HELP = `npm run profile:engine [-- options]
  --json                 print one JSON object {ok, checks, machine, commit}
  --shape <names>        ${SHAPE_NAMES.join(', ')}, comma separated (default: bonsai-1.7b)
  --context <positions>  comma separated (default: 1024,8192,32768)
  --threads <counts>     comma separated (default: 1,2)
  --kernels <table>      scalar, avx2, avx512, neon (default: the fastest)
`
const here = dirname(fileURLToPath(import.meta.url))
const folder = join(here, '..', '..', '.cache', 'bench')
const PREFILL_ROWS = 64
/** Long enough that one step's chance does not decide, short enough that 32768 positions take seconds. */
const STEPS = { decode: 24, prefill: 3 } as const
/** Everything but the matrices, at this context: what the engine promises. */
const AROUND_CONTEXT = 1024
const AROUND_MAX = 0.12
const MATRICES: ReadonlySet<string> = new Set(['query_key_value', 'output', 'gate_up', 'down', 'head'])

interface Profiled {
  kernels: string
  /** Seconds per step. */
  wall: number
  cpu: number
  parts: Record<string, number>
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    shape: { type: 'string', default: 'bonsai-1.7b' },
    context: { type: 'string', default: '1024,8192,32768' },
    threads: { type: 'string', default: '1,2' },
    kernels: { type: 'string', default: 'auto' },
    help: { type: 'boolean', default: false },
  },
})

function numbers(option: 'context' | 'threads', max: number): number[] {
  return values[option].split(',').map(text => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new Error(`--${option} has "${text}"; expected whole numbers from 1 to ${max}, comma separated.`)
    return value
  })
}

function shapes(): ShapeName[] {
  return values.shape.split(',').map(name => {
    const shape = SHAPE_NAMES.find(known => known === name)
    if (shape === undefined) throw new Error(`--shape has "${name}"; known are ${SHAPE_NAMES.join(', ')}.`)
    return shape
  })
}

/** The share of a step that is neither a matrix nor waiting for other threads. */
function aroundShare({ parts }: Profiled): number {
  const matrices = [...MATRICES].reduce((sum, name) => sum + (parts[name] ?? 0), 0)
  return 1 - (matrices + (parts['waiting'] ?? 0)) / total(parts)
}

/** CPU time of the thread that computes: what other programs take does not count. */
const total = (parts: Record<string, number>): number =>
  Object.values(parts).reduce((sum, each) => sum + each, 0)

function checksOf(prefix: string, job: string, context: number, profiled: Profiled): Check[] {
  const { wall, cpu, parts } = profiled
  const around = aroundShare(profiled)
  return [
    measured(`${prefix}.wall`, wall * 1e3, 'ms/step'),
    measured(`${prefix}.cpu`, cpu * 1e3, 'ms/step'),
    ...Object.entries(parts).map(([name, seconds]) =>
      measured(`${prefix}.${name}`, (100 * seconds) / total(parts), '%'),
    ),
    job === 'decode' && context === AROUND_CONTEXT
      ? atMost(`${prefix}.around_matrices`, around, AROUND_MAX, 'of the step')
      : measured(`${prefix}.around_matrices`, around, 'of the step'),
  ]
}

/** One table per shape and job: parts down, contexts and threads across. */
function table(title: string, columns: ReadonlyMap<string, Profiled>): string {
  const names = Object.keys([...columns.values()][0]?.parts ?? {})
  const row = (name: string, cells: readonly string[]) =>
    `${name.padEnd(18)}${cells.map(cell => cell.padStart(13)).join('')}\n`
  const all = [...columns.values()]
  return (
    `\n${title}\n${row('', [...columns.keys()])}` +
    names
      .map(name =>
        row(
          name,
          all.map(each => `${((100 * (each.parts[name] ?? 0)) / total(each.parts)).toFixed(1)} %`),
        ),
      )
      .join('') +
    row(
      'around matrices',
      all.map(each => `${(100 * aroundShare(each)).toFixed(1)} %`),
    ) +
    row(
      'ms per step',
      all.map(({ wall }) => (wall * 1e3).toFixed(2)),
    ) +
    row(
      'CPU ms per step',
      all.map(({ cpu }) => (cpu * 1e3).toFixed(2)),
    )
  )
}

async function main(): Promise<void> {
  const contexts = numbers('context', 131_072)
  const threadCounts = numbers('threads', 256)
  mkdirSync(folder, { recursive: true })
  const program = await buildProfile(join(here, 'engine.cpp'))
  const checks: Check[] = []
  for (const shape of shapes()) {
    const path = writeShape(shape, folder)
    for (const [job, rows] of [
      ['decode', 1],
      ['prefill', PREFILL_ROWS],
    ] as const) {
      const columns = new Map<string, Profiled>()
      for (const context of contexts)
        for (const threads of threadCounts) {
          const args = [path, threads, context, rows, STEPS[job], values.kernels].map(String)
          const profiled = JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as Profiled
          columns.set(`${context}/${threads}T`, profiled)
          checks.push(
            ...checksOf(`${shape}.${job}.context_${context}.threads_${threads}`, job, context, profiled),
          )
        }
      process.stderr.write(table(`${shape}, ${job} (${rows} rows), context/threads`, columns))
    }
  }
  const answer = report(checks)
  if (values.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  process.exitCode = answer.ok ? 0 : 1
}

if (values.help) process.stdout.write(HELP)
else await main()
