// Mutation testing: small faults, one at a time; the Solidity tests of the contract must notice each.
//   npm run mutate -w contracts [-- --json] [--only Escrow] [--seconds N] [--workers N] [--write]
// The campaign stops after --seconds and goes on from there when called again: fates are kept in .cache/mutation for as
// long as what they depend on is unchanged. The order is drawn by hash, so a part of it is a fair sample.
// --write publishes mutation.md, with the reasons of mutation-reasons.json.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { atLeast, type Check, measured, report } from '../../scripts/checks.ts'
import { type CompileThread, compileThread } from './compile-worker.ts'
import { apply, type Mutant, mutantsOf, shuffled } from './mutants.ts'
import { type Fate, openRecords, type Verdict } from './mutation-records.ts'
import { CONTRACTS, hardhat, testsIn } from './scratch.ts'
import { openTests, type Run } from './solidity-tests.ts'

/** The tests that stand for a contract; its invariants are run only if these notice nothing. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  Escrow: [...(await testsIn('escrow')), 'test/solidity/regressions/EscrowRegressions.t.sol'],
  Staking: await testsIn('staking'),
  Rewards: ['Rewards', 'RewardBounds', 'Freeze'].map(name => `test/solidity/audits/${name}.t.sol`),
}
const SCORE_MIN = 95
const BUILD_TIMEOUT_MS = 600_000
const REASONS = new URL('../mutation-reasons.json', import.meta.url)
const EFFORT = { fuzzRuns: 64, invariantRuns: 8, invariantDepth: 48 }

interface Campaign {
  readonly name: string
  readonly source: string
  readonly total: number
  readonly fates: Map<Mutant, Fate>
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    seconds: { type: 'string', default: '1500' },
    workers: { type: 'string', default: '2' },
  },
})
const names = values.only === undefined ? Object.keys(TESTS) : values.only.split(',')
for (const name of names) if (TESTS[name] === undefined) throw new Error(`No mutation tests for ${name}.`)
const end = Date.now() + Number(values.seconds) * 1000
const built = await hardhat(CONTRACTS, ['build', '--quiet'], {}, BUILD_TIMEOUT_MS)
if (!built.passed) throw new Error(`The contracts do not compile:\n${built.output}`)
const tests = await openTests()
const campaigns: Campaign[] = []
for (const [index, name] of names.entries())
  campaigns.push(await campaign(name, Date.now() + (end - Date.now()) / (names.length - index)))

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
process.exitCode = answer.ok ? 0 : 1

function count(fates: ReadonlyMap<Mutant, Fate>, wanted: Fate): number {
  return [...fates.values()].filter(fate => fate === wanted).length
}

async function campaign(name: string, until: number): Promise<Campaign> {
  const source = await readFile(join(CONTRACTS, 'src', `${name}.sol`), 'utf8')
  const stages = stagesOf(name)
  const records = await openRecords(name, source, [...new Set(stages.flatMap(({ files }) => files))])
  const mutants = shuffled(name, mutantsOf(source))
  const fates = new Map<Mutant, Fate>()
  const threads = Array.from({ length: Number(values.workers) }, () => compileThread(name))
  const sound = await verdictOn(name, source, threads[0]!)
  if (sound.fate !== 'survived') throw new Error(`${name} fails without a mutant: ${sound.by ?? sound.fate}.`)
  const deployed = await threads[0]!.deployed(source)

  const queue = [...mutants]
  const work = async (thread: CompileThread): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      let verdict = records.find(mutant)
      if (verdict === undefined) {
        if (Date.now() >= until) continue // the rest may still have records
        const mutated = apply(source, mutant)
        verdict = await verdictOn(name, mutated, thread)
        // What the optimizer makes the same is the same contract.
        if (verdict.fate === 'survived' && (await thread.deployed(mutated)) === deployed)
          verdict = { fate: 'equivalent' }
        await records.keep(mutant, verdict)
        process.stderr.write(
          `${verdict.fate.padEnd(10)} ${describe(name, source, mutant)} ${verdict.by ?? ''}\n`,
        )
      }
      fates.set(mutant, verdict.fate)
    }
  }
  await Promise.all(threads.map(work))
  await Promise.all(threads.map(thread => thread.close()))
  return { name, source, total: mutants.length, fates }
}

/** Quick tests first; the first that fails ends it. */
function stagesOf(name: string): Run[] {
  const files = TESTS[name]!
  return [
    { ...EFFORT, files, except: '^(testFuzz|invariant)' },
    { ...EFFORT, files, only: '^testFuzz' },
    { ...EFFORT, files: [`test/solidity/invariants/${name}Invariants.t.sol`] },
  ]
}

async function verdictOn(name: string, source: string, thread: CompileThread): Promise<Verdict> {
  const code = await thread.quick(source)
  if (code === undefined) return { fate: 'invalid' }
  for (const stage of stagesOf(name)) {
    const { tests: ran, failures } = await tests.run(stage, name, code)
    if (ran === 0) throw new Error(`No tests in ${stage.files.join(', ')}.`)
    if (failures[0] !== undefined) return { fate: 'killed', by: failures[0].split(': ', 2).join(': ') }
  }
  return { fate: 'survived' }
}

function describe(name: string, source: string, { line, operator, from, to }: Mutant): string {
  const short = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 80)
  const code = short(source.split('\n')[line - 1] ?? '')
  const change = code === short(from) ? 'deleted' : `\`${short(from)}\` -> \`${short(to)}\``
  return `${name}.sol:${line} \`${code}\`, ${operator}: ${change}`
}

async function page(): Promise<string> {
  const reasons = JSON.parse(await readFile(REASONS, 'utf8').catch(() => '{}')) as Record<string, string>
  const lines = ['# Mutation testing', '', '`npm run mutate -w contracts -- --write` makes this page.', '']
  const head = ['contract', 'score', 'killed', 'survived', 'same code', 'not compiling', 'tried', 'mutants']
  const rows = campaigns.map(({ name, total, fates }) => {
    const [killed, survived] = [count(fates, 'killed'), count(fates, 'survived')]
    const score = `${((killed / (killed + survived)) * 100).toFixed(1)} %`
    const rest = [count(fates, 'equivalent'), count(fates, 'invalid'), fates.size, total]
    return [name, score, ...[killed, survived, ...rest].map(String)]
  })
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  lines.push(line(head), line(rule), ...rows.map(line))
  lines.push(
    '',
    `Tests: ${EFFORT.fuzzRuns} fuzz runs, invariants ${EFFORT.invariantRuns} runs of ${EFFORT.invariantDepth} calls.`,
    'The score counts mutants that compile to other code than the original, as deployed. Where not all were tried,',
    'those that were are the first of an order drawn by hash, the same on every machine.',
    '',
    'Survivors and why:',
    '',
  )
  for (const { name, source, fates } of campaigns) {
    for (const [mutant, fate] of fates) {
      if (fate !== 'survived') continue
      const text = describe(name, source, mutant)
      lines.push(`- ${text}: ${reasons[text.replace(/:\d+/, '')] ?? 'not explained yet'}`)
    }
  }
  return `${lines.join('\n')}\n`
}
