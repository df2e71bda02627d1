// Builds build/profile/aria-profile: the engine with the parts of a step timed (src/base/profile.h), and a main program.
import { join } from 'node:path'
import {
  build,
  FLAGS,
  findCompiler,
  HEADERS,
  headersHash,
  kernelFlags,
  root,
  run,
  sourcesOf,
} from './compile.mjs'

/** @returns the path of the program whose main function is in `source`. */
export async function buildProfile(source) {
  const compiler = await findCompiler()
  const out = join(root, 'build', 'profile')
  const target = join(out, 'aria-profile')
  const flags = [...FLAGS, '-pthread', '-DARIA_PROFILE', `-I${join(root, 'src')}`]
  await build({
    compiler,
    units: [...sourcesOf(process.arch, ['src']), source].map(path => ({
      path,
      flags: [...flags, ...kernelFlags(process.arch, path)],
    })),
    headers: headersHash(HEADERS),
    out,
    target,
    link: (objects, file) => run(compiler.name, ['-pthread', ...objects, '-o', file]),
  })
  return target
}
