// Builds the two native programs of the bench, once per content, with the compiler that builds the engine.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)

function compile(source: string, folder: string, flags: readonly string[]): string {
  const hash = createHash('sha256').update(readFileSync(source)).update(flags.join(' ')).digest('hex')
  const target = join(folder, `${source.slice(here.length).replace('.cpp', '')}-${hash.slice(0, 8)}`)
  if (existsSync(target)) return target
  mkdirSync(folder, { recursive: true })
  execFileSync('g++', ['-std=c++20', '-O3', '-pthread', source, ...flags, '-o', `${target}.part`])
  renameSync(`${target}.part`, target)
  return target
}

export const buildProbe = (folder: string): string => compile(join(here, 'probe.cpp'), folder, [])

export interface PeerProgram {
  program: string
  /** Where llama.cpp finds its CPU backends; it chooses the best for this CPU itself. */
  backends: string
}

/** llama.cpp's library and, from the source bundle beside it, the headers that belong to it. */
export function buildPeer(folder: string): PeerProgram {
  const platform = `linux-${process.arch}`
  const packages = join(dirname(require.resolve('node-llama-cpp')), '..', '..')
  const backends = join(packages, '@node-llama-cpp', platform, 'bins', platform)
  const bundle = join(packages, 'node-llama-cpp', 'llama', 'gitRelease.bundle')
  const headers = join(folder, 'llama.cpp')
  if (!existsSync(join(headers, 'include', 'llama.h'))) {
    rmSync(headers, { recursive: true, force: true })
    execFileSync('git', ['clone', '--quiet', bundle, headers], { stdio: ['ignore', 'ignore', 'ignore'] })
  }
  const library = (name: string) => join(backends, name)
  const program = compile(join(here, 'llamacpp.cpp'), folder, [
    `-I${join(headers, 'include')}`,
    `-I${join(headers, 'ggml', 'include')}`,
    ...['libllama.v0.5.0.so', 'libggml.v0.5.0.so', 'libggml-base.so'].map(library),
    `-Wl,-rpath,${backends}`,
  ])
  return { program, backends }
}
