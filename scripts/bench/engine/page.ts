// docs/benchmarks/engine.md and its pictures, made from engine.json: one row per machine, the newest run of each.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Check, Report } from '../../checks.ts'
import { bars, type RooflinePoint, roofline } from './pictures.ts'
import { multiplications, SHAPES, type ShapeName, weightBytes } from './shapes.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'docs', 'benchmarks')

interface Row extends Report {
  date: string
}

export function writeReport(answer: Report): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'engine.json')
  const before: Row[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  const row: Row = { date: new Date().toISOString().slice(0, 10), ...answer }
  const rows = [row, ...before.filter(({ machine }) => machine !== answer.machine)]
  writeFileSync(file, `${JSON.stringify(rows, undefined, 2)}\n`)
  for (const [index, each] of rows.entries()) drawPictures(each, index)
  writeFileSync(join(folder, 'engine.md'), page(rows))
}

const find = ({ checks }: Report, name: string): Check | undefined =>
  checks.find(check => check.name === name)
const numberOf = (row: Report, name: string): number => {
  const value = find(row, name)?.value
  return typeof value === 'number' ? value : Number.NaN
}

const JOBS = [
  ['decode', 1],
  ['prefill', 1],
  ['batch16', 2],
] as const
const MODELS: readonly ShapeName[] = ['bonsai-1.7b', 'bitnet-0.7b', 'bitnet-2b4t']

function drawPictures(row: Row, index: number): void {
  const groups = MODELS.flatMap(shape =>
    JOBS.map(([job, threads]) => {
      const key = `${job}.threads_${threads}`
      return {
        label: `${shape} ${job}`,
        ours: numberOf(row, `${shape}.ours.${key}`),
        peer: numberOf(row, `${shape}.llamacpp.${key}`),
      }
    }),
  ).filter(({ ours, peer }) => ours > 0 && peer > 0)
  writeFileSync(join(folder, `engine-bars-${index}.svg`), bars(groups))
  const readGBps = Math.max(
    numberOf(row, 'probe.before.threads_1.read'),
    numberOf(row, 'probe.after.threads_1.read'),
  )
  const tops = Math.max(
    numberOf(row, 'probe.before.threads_1.vnni'),
    numberOf(row, 'probe.after.threads_1.vnni'),
  )
  const points = MODELS.flatMap(shape => pointsOf(row, shape)).filter(({ tops: reached }) => reached > 0)
  writeFileSync(join(folder, `engine-roofline-${index}.svg`), roofline({ readGBps, tops }, points))
}

/** Operations per byte of weights read: one token at a time while decoding, 512 at once in a prefill. */
function pointsOf(row: Row, shape: ShapeName): RooflinePoint[] {
  const { layer, head } = multiplications(shape)
  const layers = SHAPES[shape].layers * layer
  const decode = { operations: 2 * (layers + head), bytes: weightBytes(shape) }
  const prefill = { operations: 2 * layers, bytes: weightBytes(shape) / 512 }
  return (['ours', 'llamacpp'] as const).flatMap(side =>
    (
      [
        ['decode', decode],
        ['prefill', prefill],
      ] as const
    ).map(([job, { operations, bytes }]) => ({
      label: `${shape} ${job}`,
      isOurs: side === 'ours',
      intensity: operations / bytes,
      tops: (numberOf(row, `${shape}.${side}.${job}.threads_1`) * operations) / 1e12,
    })),
  )
}

function page(rows: readonly Row[]): string {
  return `# The engine's speed

Made by \`npm run bench:engine -- --report\`; do not edit. Each machine adds its row with that one command.

## How it is measured

- Random weights in the shapes of real models, written on the spot; speed does not depend on what weights say.
- The peer is llama.cpp as the npm package \`node-llama-cpp\` ships it, through its own C interface, which is what every
  other interface of it calls. It picks its best CPU backend itself, and is measured with and without flash attention: its better figure counts.
- Both sides stay loaded and take turns, job by job; the best of the rounds counts for each.
- A probe of the hardware (VPDPBUSD rate, read bandwidth) runs before and after; shares are of its better figure.
- One thread and CPU-seconds are the primary figures: with two threads a shared machine's results vary from second to second.

${rows.map(machineSection).join('\n')}
## What the first idea promised

The idea that this project began with named figures for other machines. What can be said from ours:

- *118 tokens/s for a 0.7B model on eight threads*: \`decode.bitnet-0.7b.tokens_per_s\` above is one core's figure.
- *Energy saved against FP16*: \`cpu_saved_vs_fp16.0.7b\` is the share of CPU time saved against the peer's FP16. Joules need
  a counter (RAPL) that the machine lets programs read; \`aria bench\` shows them where it does.
- *Zen 4 against Zen 5*: a row for each appears here when someone runs the bench there; nothing is extrapolated.
`
}

function machineSection(row: Row, index: number): string {
  const promised = row.checks.filter(({ goal }) => goal !== null)
  const others = row.checks.filter(({ goal }) => goal === null)
  const line = ({ name, value, unit, goal, ok }: Check) =>
    goal === null
      ? `| \`${name}\` | ${value} | ${unit} |`
      : `| \`${name}\` | ${value} | ${unit} | ${goal} | ${ok ? 'reached' : '**missed**'} |`
  return `## ${row.machine}

${row.date}, commit \`${row.commit}\`.

![Tokens per second, ours beside llama.cpp](engine-bars-${index}.svg)

![Roofline: operations per byte against operations per second, one thread](engine-roofline-${index}.svg)

| check | value | unit | goal | |
|---|---|---|---|---|
${promised.map(line).join('\n')}

<details><summary>Every figure</summary>

| figure | value | unit |
|---|---|---|
${others.map(line).join('\n')}

</details>
`
}
