// Line and branch coverage of the contracts by the Solidity tests, in a copy: the real artifacts stay as they are.
//   npm run coverage -w contracts [-- --json]
// Hardhat counts lines, not branches. So every `require(c, E)` becomes `if (!(c)) { revert E; } else { mark }` and every
// `if` gets both arms on lines of their own; a branch is covered when its line is. See branches.ts.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atLeast, type Check, report } from '../../scripts/checks.ts'
import { splitBranches } from './branches.ts'
import { scratch, testSolidity } from './scratch.ts'

const COVERED = ['Escrow', 'Staking', 'Court', 'Rewards', 'AriaToken', 'Audits']
const TIMEOUT_MS = 1_800_000

const dir = await scratch('coverage')
const contracts: { name: string; arms: readonly number[] }[] = []
for (const name of COVERED) {
  const path = join(dir, 'src', `${name}.sol`)
  const source = await readFile(path, 'utf8').catch(() => undefined)
  if (source === undefined) continue
  const { text, arms } = splitBranches(source)
  await writeFile(path, text)
  contracts.push({ name, arms })
}
// Depth finds bugs; here a line needs to run once.
const env = { ARIA_FUZZ_RUNS: '64', ARIA_INVARIANT_RUNS: '4', ARIA_INVARIANT_DEPTH: '32' }
const run = await testSolidity(dir, { flags: ['--coverage'], env, timeoutMs: TIMEOUT_MS })
if (!run.passed) {
  process.stderr.write(run.output)
  throw new Error('The tests do not pass: no coverage.')
}
const hits = parse(await readFile(join(dir, 'coverage/lcov.info'), 'utf8'))
const checks: Check[] = contracts.flatMap(({ name, arms }) => {
  const lines = hits.get(`src/${name}.sol`)
  if (lines === undefined) throw new Error(`No coverage data of ${name}.`)
  const isArm = new Set(arms)
  const plain = [...lines].filter(([line]) => !isArm.has(line))
  const branches = arms.map(line => [line, lines.get(line) ?? 0] as const)
  for (const [line, count] of [...plain, ...branches]) {
    if (count === 0) process.stderr.write(`Not covered: ${join(dir, 'src', name)}.sol:${line}\n`)
  }
  return [
    atLeast(`coverage.${name}.lines`, share(plain), 100, '%'),
    atLeast(`coverage.${name}.branches`, share(branches), 100, '%'),
  ]
})
const answer = report(checks)
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
else for (const { name, value } of checks) process.stdout.write(`${String(value).padStart(6)} %  ${name}\n`)
if (!answer.ok) process.exitCode = 1

function share(lines: readonly (readonly [number, number])[]): number {
  return (lines.filter(([, count]) => count > 0).length / lines.length) * 100
}

function parse(lcov: string): Map<string, Map<number, number>> {
  const files = new Map<string, Map<number, number>>()
  let current = new Map<number, number>()
  for (const line of lcov.split('\n')) {
    const [key, value = ''] = line.split(/:(.*)/s)
    if (key === 'SF') {
      current = new Map()
      files.set(value, current)
    }
    if (key !== 'DA') continue
    const [at, count] = value.split(',').map(Number)
    current.set(at!, count!)
  }
  return files
}
