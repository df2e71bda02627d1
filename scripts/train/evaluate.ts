// npm run eval-model [-- --json] [--report]: the trained variants side by side on questions that training never saw.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Check, report } from '../checks.ts'
import { answersOf, type Exam } from './answers.ts'
import { type Measured, modelChecks, type Results } from './goals.ts'
import { kept, measurementKey } from './keep.ts'
import { writeReport } from './page.ts'
import { askScript, findPython, PythonMissingError, runScript } from './python.ts'

const HELP = `npm run eval-model [-- options]
  --json            print one JSON object {ok, checks, machine, commit}
  --config <name>   whose checkpoints are measured (default: cpu); what was not trained here is missing
  --only <names>    twin, binary, ternary, naive, shipped; comma separated (default: all that are here)
  --count <n>       questions per skill and part of the corpus (default: 250, which makes 500 held out)
  --report          also write docs/model/ with the table and the plots

What is measured is kept beside the checkpoints: an interrupted evaluation goes on, and only changed files are
measured again.
`
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const VARIANTS = ['twin', 'binary', 'ternary', 'naive'] as const
const THREADS = 2
const log = (text: string): void => void process.stderr.write(`${text}\n`)

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    config: { type: 'string', default: 'cpu' },
    only: { type: 'string' },
    count: { type: 'string', default: '250' },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function countOf(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new Error(`--count is "${text}"; expected a whole number from 1 to 10000.`)
  return count
}

/** The files to measure by name: what was exported from checkpoints, and what the repository ships. */
function filesOf(folder: string): Record<string, string> {
  const all: Record<string, string> = Object.fromEntries<string>([
    ...VARIANTS.map((name): [string, string] => [name, join(folder, `aria-1-${name}.gguf`)]),
    ['shipped', join(root, 'models', 'aria-1.gguf')],
  ])
  const wanted = values.only?.split(',') ?? Object.keys(all)
  const unknown = wanted.find(name => !(name in all))
  if (unknown !== undefined)
    throw new Error(`--only has "${unknown}"; known are ${Object.keys(all).join(', ')}.`)
  return Object.fromEntries(
    Object.entries(all).filter(([name, file]) => wanted.includes(name) && existsSync(file)),
  )
}

function decodeSpeed(file: string): number {
  const args = [join(root, 'node', 'main.ts'), 'bench', '-m', file, '--json', '--threads', `${THREADS}`]
  const printed = execFileSync(process.execPath, [...args, '--prompt', '128', '--output', '128'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const { checks }: { checks: Check[] } = JSON.parse(printed)
  return Number(checks.find(({ name }) => name === `decode.threads_${THREADS}.tokens_per_s`)?.value)
}

async function measure(
  python: string,
  name: string,
  file: string,
  exam: Exam,
  count: number,
  folder: string,
): Promise<Measured> {
  const judged = await kept(folder, measurementKey(file, ['judge', count]), async () => {
    log(`${name}: answering`)
    const answers = await answersOf(file, exam, THREADS, (answered, of) =>
      log(`${name}: ${answered} of ${of} questions answered`),
    )
    return askScript(python, 'evaluate.py', ['judge', '--count', `${count}`], JSON.stringify(answers))
  })
  const ablate = name === 'binary' ? ['--ablate'] : []
  const bits = await kept(folder, measurementKey(file, ['bits', ...ablate]), () => {
    log(`${name}: bits per byte${name === 'binary' ? ', ablation' : ''}`)
    return askScript(python, 'evaluate.py', ['bits', file, ...ablate])
  })
  const record = file.replace(/\.gguf$/, '.json')
  return {
    ...(judged as Omit<Measured, 'bytes'>),
    ...(bits as Pick<Measured, 'bitsPerByte' | 'ablation'>),
    bytes: statSync(file).size,
    tokensPerSecond: decodeSpeed(file),
    record: existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : undefined,
  }
}

async function main(): Promise<void> {
  const count = countOf(values.count)
  const python = findPython()
  const folder = join(root, '.cache', 'train', values.config)
  if (existsSync(folder)) await runScript(python, 'train.py', ['--export', '--config', values.config])
  const exam = (await askScript(python, 'evaluate.py', ['questions', '--count', `${count}`])) as Exam
  const results: Results = { count, models: {} }
  for (const [name, file] of Object.entries(filesOf(folder)))
    results.models[name] = await measure(python, name, file, exam, count, join(folder, 'measured'))
  const answer = report(modelChecks(results))
  for (const { ok, name, value, unit, goal } of answer.checks)
    log(`${ok ? ' ok ' : 'MISS'}  ${name}  ${value} ${unit}${goal === null ? '' : `  (goal ${goal})`}`)
  if (values.report) writeReport(answer, results)
  if (values.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  process.exitCode = answer.ok ? 0 : 1
}

if (values.help) process.stdout.write(HELP)
else
  try {
    await main()
  } catch (error) {
    if (!(error instanceof PythonMissingError)) throw error
    log(error.message)
    process.exitCode = 1
  }
