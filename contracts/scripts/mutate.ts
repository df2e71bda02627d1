// Mutation testing: small faults, one at a time; the Solidity tests of the contract must notice each.
//   npm run mutate -w contracts [-- --json] [--only Escrow] [--seconds N] [--workers N] [--write]
// A mutant that does not compile, or compiles to the same code, is not counted. With --seconds the campaign stops in
// time, after a seeded sample of the mutants. --write publishes mutation.md, with the reasons of mutation-reasons.json.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { atLeast, type Check, measured, report } from '../../scripts/checks.ts'
import { apply, type Mutant, mutantsOf, shuffled } from './mutants.ts'
import { CONTRACTS, hardhat, scratch, testSolidity, testsIn } from './scratch.ts'

/** The tests that stand for a contract, quick ones first. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  Escrow: [...(await testsIn('escrow')), 'test/solidity/invariants/EscrowInvariants.t.sol'],
  Staking: [...(await testsIn('staking')), 'test/solidity/invariants/StakingInvariants.t.sol'],
  Rewards: [
    ...['Rewards', 'Freeze'].map(name => `test/solidity/audits/${name}.t.sol`),
    'test/solidity/invariants/RewardsInvariants.t.sol',
  ],
}
const SCORE_MIN = 95
const TIMEOUT_MS = 240_000
const QUICK = { ARIA_FUZZ_RUNS: '48', ARIA_INVARIANT_RUNS: '6', ARIA_INVARIANT_DEPTH: '32' }
const REASONS = new URL('../mutation-reasons.json', import.meta.url)

type Fate = 'killed' | 'survived' | 'invalid' | 'equivalent'

interface Campaign {
  readonly name: string
  readonly total: number
  readonly fates: Map<Mutant, Fate>
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    seconds: { type: 'string', default: '2400' },
    workers: { type: 'string', default: '2' },
  },
})
const names = values.only === undefined ? Object.keys(TESTS) : values.only.split(',')
for (const name of names) if (TESTS[name] === undefined) throw new Error(`No mutation tests for ${name}.`)
const budgetMs = (Number(values.seconds) * 1000) / names.length
const dirs = await Promise.all(
  Array.from({ length: Number(values.workers) }, (_, worker) => scratch(`mutate-${worker}`)),
)
const campaigns: Campaign[] = []
for (const name of names) campaigns.push(await campaign(name))

const checks: Check[] = campaigns.flatMap(({ name, total, fates }) => {
  const killed = count(fates, 'killed')
  const counted = killed + count(fates, 'survived')
  return [
    atLeast(`mutation.${name}.score`, (killed / counted) * 100, SCORE_MIN, '%'),
    measured(`mutation.${name}.counted`, counted, 'mutants'),
    measured(`mutation.${name}.tried`, fates.size, `of ${total} mutants`),
  ]
})
const answer = report(checks)
if (values.write) await writeFile(new URL('../mutation.md', import.meta.url), await page())
if (values.json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
else
  for (const { name, value, unit } of checks)
    process.stdout.write(`${String(value).padStart(8)} ${unit}  ${name}\n`)
if (!answer.ok) process.exitCode = 1

function count(fates: ReadonlyMap<Mutant, Fate>, wanted: Fate): number {
  return [...fates.values()].filter(fate => fate === wanted).length
}

async function campaign(name: string): Promise<Campaign> {
  const source = await readFile(join(CONTRACTS, 'src', `${name}.sol`), 'utf8')
  const mutants = shuffled(name, mutantsOf(source))
  const fates = new Map<Mutant, Fate>()
  const end = Date.now() + budgetMs
  const originals = await Promise.all(
    dirs.map(async dir => {
      const run = await testSolidity(dir, { files: TESTS[name]!, env: QUICK, timeoutMs: TIMEOUT_MS })
      if (!run.passed) throw new Error(`The tests of ${name} fail without a mutant:\n${run.output}`)
      return bytecode(dir, name)
    }),
  )
  const queue = [...mutants]
  const work = async (dir: string, original: string): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined && Date.now() < end; mutant = queue.shift()) {
      const fate = await test(dir, name, original, apply(source, mutant))
      fates.set(mutant, fate)
      process.stderr.write(`${fate.padEnd(10)} ${describe(name, mutant)}\n`)
    }
    await writeFile(join(dir, 'src', `${name}.sol`), source)
  }
  await Promise.all(dirs.map((dir, worker) => work(dir, originals[worker]!)))
  return { name, total: mutants.length, fates }
}

async function test(dir: string, name: string, original: string, mutated: string): Promise<Fate> {
  await writeFile(join(dir, 'src', `${name}.sol`), mutated)
  const built = await hardhat(dir, ['build', '--no-tests', '--quiet'], {}, TIMEOUT_MS)
  if (!built.passed) return 'invalid'
  if ((await bytecode(dir, name)) === original) return 'equivalent'
  const run = await testSolidity(dir, { files: TESTS[name]!, env: QUICK, timeoutMs: TIMEOUT_MS })
  return run.passed ? 'survived' : 'killed'
}

/** Without the hash of the source at its end. */
async function bytecode(dir: string, name: string): Promise<string> {
  const artifact = await readFile(join(dir, `artifacts/src/${name}.sol/${name}.json`), 'utf8')
  const { deployedBytecode } = JSON.parse(artifact) as { deployedBytecode: string }
  return deployedBytecode.replace(/a264697066735822[0-9a-f]{68}64736f6c63[0-9a-f]{6}0033/g, '')
}

function describe(name: string, { line, operator, from, to }: Mutant): string {
  const short = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 60)
  return `${name}.sol:${line} ${operator}: \`${short(from)}\` -> \`${short(to)}\``
}

async function page(): Promise<string> {
  const reasons = JSON.parse(await readFile(REASONS, 'utf8').catch(() => '{}')) as Record<string, string>
  const lines = ['# Mutation testing', '', '`npm run mutate -w contracts -- --write` makes this page.', '']
  lines.push(
    '| contract | score | killed | survived | same code | tried | mutants |',
    '|---|---:|---:|---:|---:|---:|---:|',
  )
  for (const { name, total, fates } of campaigns) {
    const [killed, survived] = [count(fates, 'killed'), count(fates, 'survived')]
    const score = ((killed / (killed + survived)) * 100).toFixed(1)
    const same = count(fates, 'equivalent')
    lines.push(`| ${name} | ${score} % | ${killed} | ${survived} | ${same} | ${fates.size} | ${total} |`)
  }
  lines.push('', 'A sample is drawn by hash, the same on every machine. Survivors and why:', '')
  for (const { name, fates } of campaigns) {
    for (const [mutant, fate] of fates) {
      if (fate !== 'survived') continue
      const text = describe(name, mutant)
      const key = Object.keys(reasons).find(each => text.replace(/:\d+/, '').includes(each))
      lines.push(`- ${text}: ${key === undefined ? 'not explained yet' : reasons[key]}`)
    }
  }
  return `${lines.join('\n')}\n`
}
