// Compiles the engine's C++ for a target: every source once per content. Objects are named by a hash of the source,
// every header, the compiler and the flags. Plain JavaScript, so that any Node from 20 runs it.
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
import { availableParallelism } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const run = promisify(execFile)
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

// -ffp-contract=off: GCC fuses multiply and add by default, which changes bits. -fno-math-errno: square roots are one
// instruction, not a call into libm. Never the flag that lets the compiler reorder floating-point operations.
export const FLAGS = [
  '-std=c++20',
  '-O3',
  '-fPIC',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-ffp-contract=off',
  '-fno-math-errno',
]
const QUIET_FLAGS = [
  '-Wno-uninitialized',
  '-Wno-unknown-warning-option',
  '-Wno-psabi',
  '-Wno-maybe-uninitialized',
]
const AVX512_FLAGS = ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni', '-mf16c']

/** Kernel files that one kind of CPU has, with the flags that they need; the other files are for all. */
const KERNEL_FLAGS = {
  x64: {
    'avx2.cpp': ['-mavx2', '-mf16c', ...QUIET_FLAGS],
    'avx512.cpp': [...AVX512_FLAGS, ...QUIET_FLAGS],
  },
  arm64: { 'neon.cpp': ['-march=armv8.2-a+dotprod', ...QUIET_FLAGS] },
  wasm32: { 'wasm.cpp': QUIET_FLAGS },
}

const HINTS = {
  darwin: 'Install it with: xcode-select --install',
  linux: "Install it with: sudo apt-get install g++   (or your distribution's C++ compiler)",
}

export class BuildError extends Error {}

/** The first of the named compilers that this machine has. `hint` says how to get one. */
export async function findCompiler(names = ['g++', 'clang++'], hint = HINTS[process.platform] ?? '') {
  for (const name of names) {
    try {
      const { stdout } = await run(name, ['--version'])
      return { name, version: stdout.split('\n')[0] }
    } catch {}
  }
  throw new BuildError(
    `The engine needs a C++20 compiler (${names.join(' or ')}), and none was found. ${hint}`,
  )
}

function files(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map(name => join(folder, name))
    .filter(path => path.endsWith(ending) && statSync(path).isFile())
    .sort()
}

export function kernelFlags(arch, path) {
  if (basename(dirname(path)) !== 'kernels') return []
  return KERNEL_FLAGS[arch]?.[basename(path)] ?? []
}

function isForeign(arch, path) {
  return Object.entries(KERNEL_FLAGS).some(
    ([other, kernels]) =>
      other !== arch && basename(dirname(path)) === 'kernels' && basename(path) in kernels,
  )
}

/** Every .cpp below the folders (of this package) that the architecture compiles. */
export function sourcesOf(arch, folders) {
  return folders.flatMap(folder => files(join(root, folder), '.cpp')).filter(path => !isForeign(arch, path))
}

/** The folders whose headers any source may include. */
export const HEADERS = ['src', 'addon', 'portable']

export const headersOf = folders => folders.flatMap(folder => files(join(root, folder), '.h'))

/** A hash over the folders' headers: a change in any of them compiles everything again. */
export function headersHash(folders) {
  const hash = createHash('sha256')
  for (const path of headersOf(folders)) hash.update(portable(path)).update(readFileSync(path))
  return hash.digest('hex')
}

/** A source's path from the package, the same on every machine. */
export const portable = path => relative(root, path).split(sep).join('/')

function objectOf(unit, compiler, headers, folder) {
  const hash = createHash('sha256')
  // Folders outside the package differ between machines but not in content: the versions are pinned.
  hash
    .update(compiler.version)
    .update(headers)
    .update(unit.flags.filter(flag => !flag.startsWith('-I')).join(' '))
  hash.update(portable(unit.path)).update(readFileSync(unit.path))
  return join(folder, `${hash.digest('hex').slice(0, 24)}.o`)
}

async function compile(compiler, unit, object) {
  const unfinished = `${object}.${process.pid}`
  const { stderr } = await run(compiler.name, [...unit.flags, '-c', unit.path, '-o', unfinished], {
    cwd: root,
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

/**
 * Compiles `units` ({path, flags}) into `out`/objects and links them to `target` with `link(objects, target)`.
 * @returns whether anything had to be done
 */
export async function build({ compiler, units, headers, out, target, stamp = `${target}.linked`, link }) {
  const folder = join(out, 'objects')
  mkdirSync(folder, { recursive: true })
  const objects = units.map(unit => objectOf(unit, compiler, headers, folder))
  const stale = units
    .map((unit, index) => ({ unit, object: objects[index] }))
    .filter(({ object }) => !existsSync(object))
  const wanted = objects.join('\n')
  if (stale.length === 0 && existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return false
  await inParallel(
    stale.map(
      ({ unit, object }) =>
        () =>
          compile(compiler, unit, object),
    ),
    availableParallelism(),
  )
  const unfinished = join(out, `${process.pid}-${basename(target)}`)
  await link(objects, unfinished)
  renameSync(unfinished, target)
  writeFileSync(stamp, wanted)
  return true
}

/** Removes the objects in `out` that no target linked last. */
export function removeStale(out) {
  const linked = new Set(files(out, '.linked').flatMap(path => readFileSync(path, 'utf8').split('\n')))
  for (const path of files(join(out, 'objects'), '.o')) if (!linked.has(path)) rmSync(path)
}

/** Runs a build script's body: errors are printed as the compiler wrote them, and the exit code is 1. */
export async function main(body) {
  try {
    await body()
  } catch (error) {
    process.stderr.write(`${error.stderr ?? ''}${error.message}\n`)
    process.exitCode = 1
  }
}
