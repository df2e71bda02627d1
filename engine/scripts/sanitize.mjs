// Builds the engine and its stress driver (test/native/stress.cpp) with a sanitizer and runs it:
//   node scripts/sanitize.mjs thread|address [--seconds N] [--seed N] [--json]
// Any report of the sanitizer, any answer that differs and any page that leaks fails it.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { atLeast, exactly, measured, report } from '../../scripts/checks.ts'
import { writeTinyModel } from '../test/support/tiny-model.ts'

const run = promisify(execFile)
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const KINDS = {
  thread: ['-fsanitize=thread'],
  address: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
}
const FLAGS = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-pthread',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-w', // the build itself warns
]
const ISA_FLAGS = {
  'avx2.cpp': ['-mavx2', '-mf16c'],
  'avx512.cpp': [
    '-mavx512f',
    '-mavx512bw',
    '-mavx512vl',
    '-mavx512dq',
    '-mavx512vnni',
    '-mavx512vbmi',
    '-mf16c',
  ],
}
const SECONDS_MAX = 3600

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const kind = positionals[0]
const seconds = Number(values.seconds)
if (!(kind in KINDS) || !(seconds > 0 && seconds <= SECONDS_MAX) || !/^\d+$/.test(values.seed)) {
  process.stderr.write(
    `usage: node scripts/sanitize.mjs ${Object.keys(KINDS).join('|')} [--seconds 1..${SECONDS_MAX}] [--seed N] [--json]\n`,
  )
  process.exit(2)
}

function files(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map(name => join(folder, name))
    .filter(path => path.endsWith(ending) && statSync(path).isFile())
    .sort()
}

const isX86 = process.arch === 'x64'
const isForHere = path =>
  !(path.includes('kernels') && (/avx/.test(path) ? !isX86 : /neon/.test(path) ? isX86 : /wasm/.test(path)))

async function build() {
  const out = join(root, 'build', `sanitize-${kind}`)
  mkdirSync(out, { recursive: true })
  // A layer includes only the layers before it (test/architecture), so others' headers change nothing.
  const layers = ['base', 'gguf', 'kernels', 'ops', 'model']
  const headersOf = path => {
    const layer = layers.indexOf(relative(join(root, 'src'), path).split('/')[0])
    const folders = layer < 0 ? [''] : layers.slice(0, layer + 1)
    const hash = createHash('sha256')
    for (const header of folders.flatMap(folder => files(join(root, 'src', folder), '.h')))
      hash.update(readFileSync(header))
    return hash.digest('hex')
  }
  const sources = [
    ...files(join(root, 'src'), '.cpp').filter(isForHere),
    join(root, 'test', 'native', 'stress.cpp'),
  ]
  const units = sources.map(path => {
    const isa = Object.entries(ISA_FLAGS).find(([name]) => path.endsWith(join('kernels', name)))?.[1] ?? []
    const flags = [...FLAGS, ...KINDS[kind], ...isa]
    const hash = createHash('sha256')
      .update(headersOf(path))
      .update(flags.join(' '))
      .update(relative(root, path))
    return {
      path,
      flags,
      object: join(out, `${hash.update(readFileSync(path)).digest('hex').slice(0, 24)}.o`),
    }
  })
  const queue = units.filter(({ object }) => !existsSync(object))
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let unit = queue.shift(); unit; unit = queue.shift()) {
        await run('g++', [...unit.flags, '-c', unit.path, '-o', `${unit.object}.part`])
        renameSync(`${unit.object}.part`, unit.object)
      }
    }),
  )
  const target = join(out, 'stress')
  await run('g++', ['-pthread', ...KINDS[kind], ...units.map(({ object }) => object), '-o', target])
  return target
}

function stress(target) {
  return new Promise(resolve => {
    const child = spawn(target, [writeTinyModel({ layers: 1 }), String(seconds), values.seed], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', data => {
      out += data
    })
    child.on('close', code => resolve({ code, counts: code === 0 ? JSON.parse(out) : {} }))
  })
}

const { code, counts } = await stress(await build())
const name = kind === 'thread' ? 'tsan' : 'asan'
const result = report([
  exactly(`${name}.exit`, code ?? -1, 0, 'exit status'),
  atLeast(`${name}.answers`, counts.answers ?? 0, 1, 'answers equal to those computed alone'),
  ...['cancelled', 'busy', 'restored', 'replayed', 'evicted', 'sharedPositions', 'steps', 'rows'].map(key =>
    measured(`${name}.${key}`, counts[key] ?? Number.NaN, 'count'),
  ),
])
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const check of result.checks)
    process.stdout.write(`${check.ok ? 'ok  ' : 'FAIL'} ${check.name} ${check.value} ${check.unit}\n`)
process.exitCode = result.ok ? 0 : 1
