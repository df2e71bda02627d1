// npm run fuzz -w engine -- [--seconds N] [--target loader|tokenizer|grammar] [--json]: builds the libFuzzer targets with
// address and undefined sanitizers and runs each for its share of the time, from the seeds and what earlier runs found
// (engine/.cache/fuzz, not in git). engine/fuzz/README.md says how to run the long campaign.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { DICTIONARIES, SEEDS } from '../engine/fuzz/seeds.ts'
import { type Check, exactly, measured, report } from './checks.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../engine', import.meta.url))
const out = join(root, '.cache', 'fuzz')
const SECONDS_MAX = 7 * 24 * 3600
const LOG_TAIL = 1 << 16

const COMPILERS = ['clang++', ...[21, 20, 19, 18, 17, 16, 15, 14].map(version => `clang++-${version}`)]
// Assertions of the standard library find reads past a view or vector that still lie inside some allocation.
const FLAGS = [
  ...['-std=c++20', '-O2', '-gline-tables-only', '-fno-omit-frame-pointer', '-pthread'],
  ...['-ffp-contract=off', '-fno-math-errno', '-D_GLIBCXX_ASSERTIONS', '-fno-sanitize-recover=all'],
]
const SANITIZERS = 'address,undefined'
// Text passes these a character at a time: what they compare would fill libFuzzer's table of comparisons, slowly.
const WITHOUT_COMPARISONS = [
  ...['byte_pairs', 'sentence_pieces', 'special', 'split', 'unicode'].map(
    name => `src/tokenizer/${name}.cpp`,
  ),
  ...['automaton', 'constraint', 'vocabulary'].map(name => `src/grammar/${name}.cpp`),
]

interface Target {
  name: string
  /** Folders and files under engine/src. */
  sources: readonly string[]
  options: readonly string[]
}
/** An allocation of more than these inputs justify is a crash; so is one input that takes seconds. */
const TARGETS: readonly Target[] = [
  {
    name: 'loader',
    sources: [
      ...['base/pool.cpp', 'gguf', 'kernels/scalar.cpp', 'model/config.cpp', 'model/rope.cpp'],
      ...['model/weights.cpp', 'ops/formats.cpp', 'ops/pack.cpp'],
    ],
    options: ['-max_len=24576', '-malloc_limit_mb=16', '-rss_limit_mb=1024', '-timeout=5'],
  },
  {
    name: 'tokenizer',
    sources: ['gguf', 'tokenizer'],
    options: ['-max_len=768', '-malloc_limit_mb=16', '-rss_limit_mb=1024', '-timeout=5'],
  },
  {
    name: 'grammar',
    sources: ['grammar'],
    // Scheduling by entropy takes a third of the time over this target's many features.
    options: ['-max_len=512', '-entropic=0', '-malloc_limit_mb=64', '-rss_limit_mb=1024', '-timeout=10'],
  },
]

interface Compiler {
  name: string
  version: string
}

class CompilerError extends Error {}

/** A clang that links libFuzzer; says which package is missing otherwise. */
async function findCompiler(): Promise<Compiler> {
  let missing = 'clang libclang-rt-14-dev'
  for (const name of COMPILERS) {
    const version = await run(name, ['--version']).then(
      ({ stdout }) => stdout.split('\n')[0]!,
      () => undefined,
    )
    if (version === undefined) continue
    try {
      const empty = join(out, 'empty.cpp')
      writeFileSync(
        empty,
        'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }\n',
      )
      await run(name, [`-fsanitize=fuzzer,${SANITIZERS}`, empty, '-o', join(out, 'empty')])
      return { name, version }
    } catch {
      missing = `libclang-rt-${/version (\d+)/.exec(version)?.[1] ?? '14'}-dev`
    }
  }
  throw new CompilerError(
    `Fuzzing needs clang with libFuzzer and its sanitizers. On Debian: sudo apt-get install ${missing}`,
  )
}

function files(path: string, ending: string): string[] {
  if (path.endsWith(ending)) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(path, name))
    .sort()
}

/** Compiles once per content of source and headers; the object's name is their hash. */
async function compile(compiler: Compiler, path: string, headers: string): Promise<string> {
  const name = relative(root, path)
  const flags = [...FLAGS, `-fsanitize=fuzzer-no-link,${SANITIZERS}`]
  if (WITHOUT_COMPARISONS.includes(name)) flags.push('-fno-sanitize-coverage=trace-cmp')
  const hash = createHash('sha256').update(compiler.version).update(headers).update(flags.join(' '))
  hash.update(name).update(readFileSync(path))
  const object = join(out, 'objects', `${hash.digest('hex').slice(0, 24)}.o`)
  if (existsSync(object)) return object
  const unfinished = `${object}.${process.pid}`
  await run(compiler.name, [...flags, '-c', path, '-o', unfinished], { maxBuffer: 1 << 26 })
  renameSync(unfinished, object)
  return object
}

async function inParallel<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) results[index] = await tasks[index]!()
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}

async function build(compiler: Compiler, targets: readonly Target[]): Promise<void> {
  mkdirSync(join(out, 'objects'), { recursive: true })
  const headers = createHash('sha256')
  for (const path of [join(root, 'src'), join(root, 'fuzz')].flatMap(folder => files(folder, '.h')))
    headers.update(relative(root, path)).update(readFileSync(path))
  const digest = headers.digest('hex')
  const sourcesOf = ({ name, sources }: Target): string[] => [
    join(root, 'fuzz', `${name}.cpp`),
    ...sources.flatMap(source => files(join(root, 'src', source), '.cpp')),
  ]
  const paths = [...new Set(targets.flatMap(sourcesOf))]
  const objects = await inParallel(paths.map(path => () => compile(compiler, path, digest)))
  const objectOf = new Map(paths.map((path, index) => [path, objects[index]!]))
  for (const target of targets) {
    const parts = sourcesOf(target).map(path => objectOf.get(path)!)
    await run(compiler.name, [
      ...['-pthread', `-fsanitize=fuzzer,${SANITIZERS}`, ...parts],
      ...['-o', join(out, target.name)],
    ])
  }
}

function prepare({ name }: Target): { corpus: string; crashes: string; dictionary: string } {
  const corpus = join(out, `corpus-${name}`)
  const crashes = join(out, `crashes-${name}`)
  const dictionary = join(out, `${name}.dict`)
  for (const folder of [corpus, crashes]) mkdirSync(folder, { recursive: true })
  for (const [seed, bytes] of SEEDS[name]!()) writeFileSync(join(corpus, seed), bytes)
  cpSync(join(root, 'fuzz', 'corpus', name), corpus, { recursive: true })
  writeFileSync(dictionary, DICTIONARIES[name]!)
  return { corpus, crashes, dictionary }
}

function fuzz(target: Target, seconds: number): Promise<{ code: number; log: string }> {
  const { corpus, crashes, dictionary } = prepare(target)
  const options = [
    ...[`-max_total_time=${seconds}`, '-print_final_stats=1', `-artifact_prefix=${crashes}/`],
    ...[`-dict=${dictionary}`, ...target.options],
  ]
  const child = spawn(join(out, target.name), [...options, corpus], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (data: Buffer) => {
    log = (log + data.toString()).slice(-LOG_TAIL)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? 1, log }))
  })
}

async function campaign(target: Target, seconds: number): Promise<Check[]> {
  const { name } = target
  process.stderr.write(`Fuzzing ${name} for ${seconds} s …\n`)
  const { code, log } = await fuzz(target, seconds)
  const stat = (key: string): number =>
    Number(new RegExp(`stat::${key}:\\s*(\\d+)`).exec(log)?.[1] ?? Number.NaN)
  const artifact = /Test unit written to (\S+)/.exec(log)?.[1]
  if (code !== 0) process.stderr.write(`${log.slice(-6000)}\n`)
  if (artifact)
    process.stderr.write(
      `The input is ${basename(artifact)}; run it again with: ${relative('.', join(out, name))} ${relative('.', artifact)}\n`,
    )
  return [
    exactly(`fuzz.${name}.crashes`, code === 0 ? 0 : 1, 0, 'crashes, timeouts and excessive allocations'),
    measured(`fuzz.${name}.executions`, stat('number_of_executed_units'), 'inputs'),
    measured(`fuzz.${name}.rate`, stat('average_exec_per_sec'), 'inputs/s'),
  ]
}

async function fuzzAll(targets: readonly Target[], seconds: number): Promise<Check[]> {
  mkdirSync(out, { recursive: true })
  const compiler = await findCompiler()
  process.stderr.write(`Building ${targets.map(({ name }) => name).join(', ')} with ${compiler.name} …\n`)
  await build(compiler, targets)
  const checks: Check[] = []
  for (const target of targets) checks.push(...(await campaign(target, Math.floor(seconds / targets.length))))
  return checks
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
if (targets.length === 0)
  fail(`--target is ${values.target}; one of ${TARGETS.map(({ name }) => name).join(', ')} is expected.`)
if (!Number.isInteger(seconds) || seconds < targets.length || seconds > SECONDS_MAX)
  fail(`--seconds is ${values.seconds}; an integer from ${targets.length} to ${SECONDS_MAX} is expected.`)
let checks: Check[]
try {
  checks = await fuzzAll(targets, seconds)
} catch (error) {
  if (!(error instanceof CompilerError)) throw error
  process.stderr.write(`${error.message}\n`)
  checks = [{ name: 'fuzz.compiler', value: 'missing', unit: error.message, goal: 'present', ok: false }]
}
const result = report(checks)
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const check of checks)
    process.stdout.write(`${check.ok ? 'ok  ' : 'FAIL'} ${check.name}: ${check.value} ${check.unit}\n`)
process.exitCode = result.ok ? 0 : 1
