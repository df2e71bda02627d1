// npm run fuzz -w engine -- [--seconds N] [--json]: builds both libFuzzer targets with address and undefined sanitizers and
// runs each for half of the time, from the seeds in git and what earlier runs found (build/fuzz, not in git).
import { execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { type Check, report } from './checks.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../engine', import.meta.url))
const out = join(root, 'build', 'fuzz')
const COMPILERS = [
  'clang++',
  'clang++-19',
  'clang++-18',
  'clang++-17',
  'clang++-16',
  'clang++-15',
  'clang++-14',
]
const FLAGS = ['-std=c++20', '-O1', '-g', '-fno-omit-frame-pointer', '-pthread', '-ffp-contract=off']
const SANITIZERS = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all']
// A header is at most 8 KiB here, so that nothing justifies more memory than this.
const LIMITS = ['-max_len=8192', '-malloc_limit_mb=64', '-rss_limit_mb=2048', '-timeout=10']

interface Target {
  name: string
  folders: readonly string[]
  extra: readonly string[]
}
const TARGETS: readonly Target[] = [
  { name: 'loader', folders: ['gguf'], extra: ['src/model/config.cpp', 'src/model/rope.cpp'] },
  { name: 'tokenizer', folders: ['gguf', 'tokenizer'], extra: [] },
]

async function findCompiler(): Promise<string> {
  for (const name of COMPILERS) {
    try {
      await run(name, ['--version'])
      return name
    } catch {}
  }
  throw new Error(
    'Fuzzing needs clang with libFuzzer. On Debian: sudo apt-get install clang libclang-rt-14-dev',
  )
}

async function build(compiler: string, { name, folders, extra }: Target): Promise<string> {
  const sources = folders.flatMap(folder =>
    readdirSync(join(root, 'src', folder))
      .filter(file => file.endsWith('.cpp'))
      .map(file => join(root, 'src', folder, file)),
  )
  const program = join(out, name)
  const all = [join(root, 'fuzz', `${name}.cpp`), ...sources, ...extra.map(path => join(root, path))]
  await run(compiler, [...FLAGS, ...SANITIZERS, ...all, '-o', program], { maxBuffer: 1 << 26 })
  return program
}

function fuzz(program: string, { name }: Target, seconds: number): Promise<{ code: number; log: string }> {
  const corpus = join(out, `corpus-${name}`)
  const crashes = join(out, `crashes-${name}`)
  for (const folder of [corpus, crashes]) mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'fuzz', 'seeds', name), corpus, { recursive: true })
  const options = [
    `-max_total_time=${seconds}`,
    '-print_final_stats=1',
    `-artifact_prefix=${crashes}/`,
    ...LIMITS,
  ]
  const child = spawn(program, [...options, corpus], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (data: Buffer) => {
    log = (log + data.toString()).slice(-(1 << 20))
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? 1, log }))
  })
}

async function campaign(compiler: string, target: Target, seconds: number): Promise<Check> {
  process.stderr.write(`Building ${target.name} with ${compiler} …\n`)
  const program = await build(compiler, target)
  process.stderr.write(`Fuzzing ${target.name} for ${seconds} s …\n`)
  const { code, log } = await fuzz(program, target, seconds)
  const executions = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(log)?.[1] ?? 0)
  const artifact = /Test unit written to (\S+)/.exec(log)?.[1]
  if (code !== 0) process.stderr.write(`${log.slice(-4000)}\n`)
  if (artifact) process.stderr.write(`The input is in ${artifact}\n`)
  return {
    name: `fuzz.${target.name}`,
    value: executions,
    unit: `executions, ${code === 0 ? 0 : 1} crashes`,
    goal: '0 crashes',
    ok: code === 0 && executions > 0,
  }
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, json: { type: 'boolean', default: false } },
})
const seconds = Number(values.seconds)
if (!Number.isInteger(seconds) || seconds < 2)
  throw new Error(`--seconds is ${values.seconds}; an integer of at least 2 is expected.`)
if (!existsSync(out)) mkdirSync(out, { recursive: true })
const compiler = await findCompiler()
const checks: Check[] = []
for (const target of TARGETS)
  checks.push(await campaign(compiler, target, Math.floor(seconds / TARGETS.length)))
const result = report(checks)
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else for (const check of checks) process.stdout.write(`${check.name}: ${check.value} ${check.unit}\n`)
process.exitCode = result.ok ? 0 : 1
