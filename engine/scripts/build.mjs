// Builds build/aria-engine.node with the system's C++ compiler alone. Each source is compiled once per content:
// objects are named by a hash of the source, every header and the flags. Plain JavaScript, so that any Node from 20 runs it.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const out = join(root, 'build')
const require = createRequire(import.meta.url)

// -ffp-contract=off: GCC fuses multiply and add by default, which changes bits. -fno-math-errno: square roots are one
// instruction, not a call into libm. Never the flag that lets the compiler reorder floating-point operations.
const FLAGS = [
  '-std=c++20',
  '-O3',
  '-fPIC',
  '-fvisibility=hidden',
  '-pthread',
  '-Wall',
  '-Wextra',
  '-ffp-contract=off',
  '-fno-math-errno',
]
const ADDON_FLAGS = [
  '-DNAPI_VERSION=9',
  '-DNAPI_CPP_EXCEPTIONS',
  '-DBUILDING_NODE_EXTENSION',
  '-DNODE_GYP_MODULE_NAME=aria_engine',
]
const QUIET_FLAGS = [
  '-Wno-uninitialized',
  '-Wno-unknown-warning-option',
  '-Wno-psabi',
  '-Wno-maybe-uninitialized',
]
const ISA_FLAGS = {
  'avx2.cpp': ['-mavx2', '-mf16c', ...QUIET_FLAGS],
  'avx512.cpp': [
    '-mavx512f',
    '-mavx512bw',
    '-mavx512vl',
    '-mavx512dq',
    '-mavx512vnni',
    '-mf16c',
    ...QUIET_FLAGS,
  ],
}

const HINTS = {
  darwin: 'Install it with: xcode-select --install',
  linux: "Install it with: sudo apt-get install g++   (or your distribution's C++ compiler)",
}

async function findCompiler() {
  for (const name of ['g++', 'clang++']) {
    try {
      const { stdout } = await run(name, ['--version'])
      return { name, version: stdout.split('\n')[0] }
    } catch {}
  }
  throw new Error(
    `The engine needs a C++20 compiler (g++ or clang++), and none was found. ${HINTS[process.platform] ?? ''}`,
  )
}

function files(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map(name => join(folder, name))
    .filter(path => path.endsWith(ending) && statSync(path).isFile())
    .sort()
}

function headersHash(folders) {
  const hash = createHash('sha256')
  for (const path of folders.flatMap(folder => files(folder, '.h')))
    hash.update(relative(root, path)).update(readFileSync(path))
  return hash.digest('hex')
}

function unitsOf(includes) {
  const isX86 = process.arch === 'x64'
  const sources = [...files(join(root, 'src'), '.cpp'), ...files(join(root, 'addon'), '.cpp')]
  return sources
    .filter(path => isX86 || !Object.keys(ISA_FLAGS).some(name => path.endsWith(join('kernels', name))))
    .map(path => {
      const isa = Object.entries(ISA_FLAGS).find(([name]) => path.endsWith(join('kernels', name)))?.[1] ?? []
      const addon = path.startsWith(join(root, 'addon'))
        ? [...ADDON_FLAGS, ...includes.map(folder => `-I${folder}`)]
        : []
      return { path, flags: [...FLAGS, ...isa, ...addon] }
    })
}

function objectOf(unit, compiler, headers) {
  const hash = createHash('sha256')
  // Folders outside the package differ between machines but not in content: the versions are pinned.
  hash
    .update(compiler.version)
    .update(headers)
    .update(unit.flags.filter(flag => !flag.startsWith('-I')).join(' '))
  hash.update(relative(root, unit.path)).update(readFileSync(unit.path))
  return join(out, 'objects', `${hash.digest('hex').slice(0, 24)}.o`)
}

async function compile(compiler, unit, object) {
  const unfinished = `${object}.${process.pid}`
  const { stderr } = await run(compiler.name, [...unit.flags, '-c', unit.path, '-o', unfinished], {
    maxBuffer: 1 << 26,
  })
  if (stderr) process.stderr.write(stderr)
  renameSync(unfinished, object)
}

async function inParallel(tasks, width) {
  const queue = [...tasks]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let task = queue.shift(); task; task = queue.shift()) await task()
    }),
  )
}

async function link(compiler, objects, target) {
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
  const unfinished = `${target}.${process.pid}`
  await run(compiler.name, ['-shared', '-pthread', ...platform, ...objects, '-o', unfinished])
  renameSync(unfinished, target)
}

async function build() {
  const compiler = await findCompiler()
  const includes = [
    dirname(require.resolve('node-addon-api/package.json')),
    join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
  ]
  mkdirSync(join(out, 'objects'), { recursive: true })
  const headers = headersHash([join(root, 'src'), join(root, 'addon')])
  const units = unitsOf(includes).map(unit => ({ ...unit, object: objectOf(unit, compiler, headers) }))
  const stale = units.filter(unit => !existsSync(unit.object))
  const target = join(out, 'aria-engine.node')
  const stamp = join(out, 'linked')
  const wanted = units.map(unit => unit.object).join('\n')
  if (stale.length === 0 && existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return

  await inParallel(
    stale.map(unit => () => compile(compiler, unit, unit.object)),
    availableParallelism(),
  )
  await link(
    compiler,
    units.map(unit => unit.object),
    target,
  )
  writeFileSync(stamp, wanted)
  const current = new Set(units.map(unit => unit.object))
  for (const path of files(join(out, 'objects'), '.o')) if (!current.has(path)) rmSync(path)
  process.stdout.write(`Engine built with ${compiler.version}.\n`)
}

try {
  await build()
} catch (error) {
  process.stderr.write(`${error.stderr ?? ''}${error.message}\n`)
  process.exitCode = 1
}
