// Builds build/aria-driver, the engine without Node (portable/driver.cpp), for this machine; or, with a cross compiler,
// build/arm64/aria-driver for another: node scripts/build-driver.mjs arm64. Prints the program's path.
import { join } from 'node:path'
import {
  build,
  FLAGS,
  findCompiler,
  HEADERS,
  headersHash,
  kernelFlags,
  main,
  root,
  run,
  sourcesOf,
} from './compile.mjs'

const CROSS = {
  arm64: {
    names: ['aarch64-linux-gnu-g++'],
    hint: 'Install it with: sudo apt-get install g++-aarch64-linux-gnu',
  },
  x64: {
    names: ['x86_64-linux-gnu-g++'],
    hint: 'Install it with: sudo apt-get install g++-x86-64-linux-gnu',
  },
}

/** @returns the path of the program. Linked statically when it is for another CPU, so that an emulator needs no libraries. */
export async function buildDriver(arch = process.arch) {
  const isCross = arch !== process.arch
  const compiler = isCross
    ? await findCompiler(CROSS[arch]?.names ?? [], CROSS[arch]?.hint)
    : await findCompiler()
  const out = isCross ? join(root, 'build', arch) : join(root, 'build') // shares the addon's objects
  const target = join(out, 'aria-driver')
  const sources = sourcesOf(arch, ['src', 'portable']).filter(
    path => !path.endsWith(join('portable', 'wasm.cpp')),
  )
  await build({
    compiler,
    units: sources.map(path => ({ path, flags: [...FLAGS, '-pthread', ...kernelFlags(arch, path)] })),
    headers: headersHash(HEADERS),
    out,
    target,
    link: (objects, file) =>
      run(compiler.name, [...(isCross ? ['-static'] : []), '-pthread', ...objects, '-o', file]),
  })
  return target
}

if (import.meta.main ?? process.argv[1] === import.meta.filename)
  await main(async () => process.stdout.write(`${await buildDriver(process.argv[2])}\n`))
