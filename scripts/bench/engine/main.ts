// npm run bench:engine [-- --json] [--only <shape,…>] [--rounds <n>]: our engine beside llama.cpp, in the same run.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { report } from '../../checks.ts'
import { engineChecks, type Results } from './goals.ts'
import { measureShape, probe } from './measure.ts'
import { buildPeer, buildProbe } from './native.ts'
import { writeReport } from './page.ts'
import type { Job } from './runner.ts'
import { SHAPE_NAMES, type ShapeName, writeShape } from './shapes.ts'
import { speculationGains } from './speculation.ts'

const HELP = `npm run bench:engine [-- options]
  --json             print one JSON object {ok, checks, machine, commit}
  --only <shapes>    ${SHAPE_NAMES.join(', ')}, comma separated (default: all)
  --rounds <count>   the best of so many counts (default: 3)
  --report           also append this machine's row to docs/benchmarks/engine.json and draw the page again
`
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '.cache', 'bench')

const JOBS: readonly (readonly [Job, number])[] = [
  ['decode', 1],
  ['prefill', 1],
  ['generate', 1],
  ['verify', 1],
  ['decode', 2],
  ['prefill', 2],
  ['batch16', 2],
]
const FP16_JOBS: readonly (readonly [Job, number])[] = [['decode', 1]]

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const log = (text: string): void => void process.stderr.write(`${text}\n`)

function chosen(): ShapeName[] {
  const names = values.only?.split(',') ?? [...SHAPE_NAMES]
  return names.map(name => {
    const shape = SHAPE_NAMES.find(known => known === name)
    if (shape === undefined) throw new Error(`--only has "${name}"; known are ${SHAPE_NAMES.join(', ')}.`)
    return shape
  })
}

async function main(): Promise<void> {
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new Error(`--rounds is "${values.rounds}"; expected a whole number from 1 to 100.`)
  mkdirSync(folder, { recursive: true })
  const probeProgram = buildProbe(folder)
  const peer = buildPeer(folder)
  const probes = () => [probe(probeProgram, 1), probe(probeProgram, 2)]
  const results: Results = { shapes: new Map(), before: probes(), after: [], speculation: new Map() }
  for (const name of chosen()) {
    log(`Writing ${name} …`)
    const path = writeShape(name, folder)
    const isPeerOnly = name === 'f16-0.7b'
    const jobs = isPeerOnly ? FP16_JOBS : JOBS
    results.shapes.set(name, await measureShape(name, { path, peer, jobs, rounds, isPeerOnly, log }))
  }
  results.speculation = await speculationGains(rounds * 3, log)
  results.after = probes()
  const checks = engineChecks(results)
  const answer = report(checks)
  if (values.report) writeReport(answer)
  if (values.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  else
    for (const { name, value, unit, goal, ok } of checks)
      process.stdout.write(
        `${ok ? ' ok ' : 'MISS'}  ${name}  ${value} ${unit}${goal === null ? '' : `  (goal ${goal})`}\n`,
      )
  process.exitCode = answer.ok ? 0 : 1
}

if (values.help) process.stdout.write(HELP)
else await main()
