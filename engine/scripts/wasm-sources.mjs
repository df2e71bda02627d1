// What the committed WebAssembly module is made of, so that a test can tell when it is out of date.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLAGS, headersOf, kernelFlags, portable, root, sourcesOf } from './compile.mjs'

export const WASM_ARCH = 'wasm32'
export const WASM_FLAGS = [
  ...FLAGS.filter(flag => flag !== '-fPIC'),
  '-msimd128',
  '-fwasm-exceptions',
  '-include',
  'portable/compat.h', // relative to the package, where the compiler runs
]
/** Memory grows up to what 32-bit addresses reach. `allocate` answers null past that. */
export const WASM_LINK_FLAGS = [
  '--no-entry',
  '-sSTANDALONE_WASM=1',
  '-sALLOW_MEMORY_GROWTH=1',
  '-sMAXIMUM_MEMORY=4GB',
  '-sTOTAL_STACK=1MB',
  '-sMALLOC=emmalloc', // the smaller allocator
]

const FOLDERS = ['src', 'portable']
const NATIVE_ONLY = ['portable/driver.cpp', 'src/gguf/file.cpp']

export const wasmSources = () =>
  sourcesOf(WASM_ARCH, FOLDERS).filter(path => !NATIVE_ONLY.includes(portable(path)))

// What is not a vector kernel is compiled for size: a page downloads it.
const sized = path =>
  WASM_FLAGS.map(flag => (flag === '-O3' && !portable(path).endsWith('/wasm.cpp') ? '-Oz' : flag))

export const wasmUnits = () =>
  wasmSources().map(path => ({ path, flags: [...sized(path), ...kernelFlags(WASM_ARCH, path)] }))

export const WASM_MODULE = join(root, 'wasm', 'aria-engine.wasm')
export const WASM_STAMP = join(root, 'wasm', 'aria-engine.json')

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

/** Hashes of all that goes into the module, and of the module: written by the build, compared by a test. */
export function wasmStamp() {
  const sources = createHash('sha256').update([...WASM_FLAGS, ...WASM_LINK_FLAGS].join(' '))
  for (const path of [...wasmSources(), ...headersOf(FOLDERS)])
    sources.update(portable(path)).update(readFileSync(path))
  return { sources: sources.digest('hex'), module: sha256(readFileSync(WASM_MODULE)) }
}
