// Stateful invariants with ghost accounting, fail on revert. `npm test` runs them shallow, this as deep as told.
//   npm run invariants -w contracts [-- --deep] [--runs N] [--depth N] [--json]
import { parseArgs } from 'node:util'
import { type Check, report } from '../../scripts/checks.ts'
import { CONTRACTS, testSolidity, testsIn } from './scratch.ts'

const DEEP = { runs: 512, depth: 256 }
const SHALLOW = { runs: 64, depth: 64 }
const TIMEOUT_MS = 3_600_000

const { values } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    depth: { type: 'string' },
  },
})
const standard = values.deep ? DEEP : SHALLOW
const runs = values.runs ?? String(standard.runs)
const depth = values.depth ?? String(standard.depth)
const checks: Check[] = []
for (const file of await testsIn('invariants')) {
  process.stderr.write(`${file}: ${runs} runs of ${depth} calls\n`)
  const env = { ARIA_INVARIANT_RUNS: runs, ARIA_INVARIANT_DEPTH: depth }
  const { passed, output } = await testSolidity(CONTRACTS, { files: [file], env, timeoutMs: TIMEOUT_MS })
  if (!passed) process.stderr.write(output)
  const name = file.replace(/^.*\/(\w+)Invariants\.t\.sol$/, (_, word: string) => word.toLowerCase())
  checks.push({
    name: `invariants.${name}`,
    value: passed ? Number(runs) * Number(depth) : 0,
    unit: 'calls without a broken invariant or a revert',
    goal: `= ${Number(runs) * Number(depth)}`,
    ok: passed && output.includes('invariant_'),
  })
}
const answer = report(checks)
if (values.json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
else
  for (const { name, value, ok } of checks)
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${value} calls\n`)
if (!answer.ok) process.exitCode = 1
