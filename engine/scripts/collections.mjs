// Builds collections.cpp against the headers of the Node that runs, and loads it.
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findCompiler, root, run } from './compile.mjs'

/** Milliseconds of this thread's processor time that V8's collections have taken since the call. @throws without headers */
export async function countCollections() {
  const { name } = await findCompiler()
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node')
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
  const target = join(root, 'build', `collections-${process.versions.modules}.node`)
  mkdirSync(dirname(target), { recursive: true })
  await run(name, [
    ...['-std=c++20', '-O2', '-shared', '-fPIC', '-isystem', headers, ...platform],
    ...[join(root, 'scripts', 'collections.cpp'), '-o', target],
  ])
  return createRequire(import.meta.url)(target).collectedMs
}
