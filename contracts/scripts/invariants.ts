// Stateful invariants with ghost accounting, fail on revert. `npm test` runs them shallow, this as deep as told.
//   npm run invariants -w contracts [-- --deep] [--runs N] [--depth N] [--minutes N] [--json]
// With --minutes each contract's invariants run for its share of the time, and the answer says how far they came.
import { parseArgs } from 'node:util'
import { type Check, exactly, measured, report } from '../../scripts/checks.ts'
import { CONTRACTS, hardhat, testsIn } from './scratch.ts'
import { openTests } from './solidity-tests.ts'

const DEEP = { runs: 512, depth: 256 }
const SHALLOW = { runs: 64, depth: 64 }
const BUILD_TIMEOUT_MS = 600_000

const { values } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    depth: { type: 'string' },
    minutes: { type: 'string' },
  },
})
const standard = values.deep ? DEEP : SHALLOW
const runs = positive('runs', values.runs ?? String(standard.runs))
const depth = positive('depth', values.depth ?? String(standard.depth))
const built = await hardhat(CONTRACTS, ['build', '--quiet'], {}, BUILD_TIMEOUT_MS)
if (!built.passed) throw new Error(`The contracts do not compile:\n${built.output}`)
const tests = await openTests()
const files = await testsIn('invariants')
const seconds =
  values.minutes === undefined
    ? undefined
    : Math.ceil((positive('minutes', values.minutes) * 60) / files.length)
const checks: Check[] = []
for (const file of files) {
  const bound = seconds === undefined ? `${runs} runs` : `${seconds} s`
  process.stderr.write(`${file}: ${bound} of ${depth} calls each\n`)
  const outcome = await tests.run({
    files: [file],
    fuzzRuns: runs,
    invariantRuns: runs,
    invariantDepth: depth,
    ...(seconds === undefined ? {} : { invariantSeconds: seconds }),
  })
  for (const failure of outcome.failures) process.stderr.write(`${failure}\n`)
  const name = file.replace(/^.*\/(\w+)Invariants\.t\.sol$/, (_, word: string) => word.toLowerCase())
  const sound = outcome.tests > 0 && outcome.failures.length === 0
  checks.push(exactly(`invariants.${name}.broken`, outcome.failures.length, 0, 'invariants'))
  checks.push({
    ...measured(`invariants.${name}.calls`, outcome.calls, `calls in runs of ${depth}, none reverted`),
    ...(seconds === undefined ? { goal: `= ${outcome.tests * runs * depth}` } : {}),
    ok: sound && (seconds !== undefined || outcome.calls === outcome.tests * runs * depth),
  })
}
const answer = report(checks)
if (values.json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
else
  for (const { name, value, unit, ok } of checks)
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${value} ${unit}\n`)
process.exitCode = answer.ok ? 0 : 1

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new Error(`--${name} must be a number from 1 to 9999999, not ${text}.`)
  return Number(text)
}
