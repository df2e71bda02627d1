// npm run fuzz -w node -- [--seconds N] [--target NAME] [--seed N] [--json]: mutates valid messages of every kind that a
// stranger may send and gives them to the parsers. A parser may refuse with one of its typed errors; anything else, a
// hang, or an accepted value with two encodings is a finding. node/fuzz/README.md says more.
import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { atLeast, type Check, exactly, measured, report } from '../checks.ts'
import { type Campaign, type Finding, fuzz } from './campaign.ts'
import { TARGETS } from './targets.ts'

const SECONDS_MAX = 7 * 24 * 3600
/** Issue 6: at least a million inputs in the long run; shorter ones say how far they came. */
const LONG_SECONDS = 300
const INPUTS_GOAL = 1_000_000
const FINDINGS = fileURLToPath(new URL('../../node/.cache/fuzz', import.meta.url))

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

function keep({ target, input, problem }: Finding): void {
  mkdirSync(FINDINGS, { recursive: true })
  const file = join(FINDINGS, `${target}-${Date.now().toString(16)}.hex`)
  writeFileSync(file, `${Buffer.from(input).toString('hex')}\n`)
  process.stderr.write(
    `${target}: ${problem}\nThe input is in ${relative('.', file)}; fixed, it belongs into node/fuzz/corpus.\n`,
  )
}

function checksOf(name: string, { inputs, accepted, slowestMs, findings }: Campaign): Check[] {
  return [
    exactly(`fuzz.${name}.findings`, findings.length, 0, 'untyped errors, hangs and broken properties'),
    measured(`fuzz.${name}.inputs`, inputs, 'inputs'),
    measured(`fuzz.${name}.accepted`, accepted / inputs, 'share of inputs'),
    measured(`fuzz.${name}.slowest`, slowestMs, 'ms'),
  ]
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    json: { type: 'boolean', default: false },
  },
})
const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
if (targets.length === 0)
  fail(`--target is ${values.target}; one of ${TARGETS.map(({ name }) => name).join(', ')} is expected.`)
if (!Number.isInteger(seconds) || seconds < 1 || seconds > SECONDS_MAX)
  fail(`--seconds is ${values.seconds}; an integer from 1 to ${SECONDS_MAX} is expected.`)
if (!Number.isInteger(seed) || seed < 0) fail(`--seed is ${values.seed}; a whole number is expected.`)

process.stderr.write(`Seed ${seed}, ${targets.length} targets, ${seconds} s.\n`)
const checks: Check[] = []
let inputs = 0
for (const target of targets) {
  const endMs = performance.now() + (seconds * 1000) / targets.length
  const campaign = await fuzz(target, seed, () => performance.now() >= endMs)
  campaign.findings.forEach(keep)
  inputs += campaign.inputs
  checks.push(...checksOf(target.name, campaign))
  process.stderr.write(`${target.name}: ${campaign.inputs} inputs, ${campaign.findings.length} findings\n`)
}
const isLong = seconds >= LONG_SECONDS && values.target === undefined
checks.push(
  isLong ? atLeast('fuzz.inputs', inputs, INPUTS_GOAL, 'inputs') : measured('fuzz.inputs', inputs, 'inputs'),
)
checks.push(measured('fuzz.seed', seed, 'seed'))
const result = report(checks)
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const check of checks)
    process.stdout.write(`${check.ok ? 'ok  ' : 'FAIL'} ${check.name}: ${check.value} ${check.unit}\n`)
process.exitCode = result.ok ? 0 : 1
