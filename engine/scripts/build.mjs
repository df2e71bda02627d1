// Builds build/aria-engine.node with the system's C++ compiler alone.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  build,
  FLAGS,
  findCompiler,
  HEADERS,
  headersHash,
  kernelFlags,
  main,
  removeStale,
  root,
  run,
  sourcesOf,
} from './compile.mjs'

const require = createRequire(import.meta.url)
const ADDON_FLAGS = [
  '-DNAPI_VERSION=9',
  '-DNAPI_CPP_EXCEPTIONS',
  '-DBUILDING_NODE_EXTENSION',
  '-DNODE_GYP_MODULE_NAME=aria_engine',
]

function unitsOf(arch) {
  const includes = [
    dirname(require.resolve('node-addon-api/package.json')),
    join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
  ]
  const addonFlags = [...ADDON_FLAGS, ...includes.map(folder => `-I${folder}`)]
  return [
    ...sourcesOf(arch, ['src']).map(path => ({
      path,
      flags: [...FLAGS, '-pthread', ...kernelFlags(arch, path)],
    })),
    ...sourcesOf(arch, ['addon']).map(path => ({ path, flags: [...FLAGS, '-pthread', ...addonFlags] })),
  ]
}

await main(async () => {
  const compiler = await findCompiler()
  const out = join(root, 'build')
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
  const built = await build({
    compiler,
    units: unitsOf(process.arch),
    headers: headersHash(HEADERS),
    out,
    target: join(out, 'aria-engine.node'),
    link: (objects, target) =>
      run(compiler.name, ['-shared', '-pthread', ...platform, ...objects, '-o', target]),
  })
  if (!built) return
  removeStale(out)
  process.stdout.write(`Engine built with ${compiler.version}.\n`)
})
