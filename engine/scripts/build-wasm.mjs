// Builds wasm/aria-engine.wasm with Emscripten, and the stamp that says from which sources. Both are committed, as few
// machines have the compiler.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, findCompiler, HEADERS, headersHash, main, root, run } from './compile.mjs'
import { WASM_LINK_FLAGS, WASM_MODULE, WASM_STAMP, wasmStamp, wasmUnits } from './wasm-sources.mjs'

const HINT = 'Install Emscripten, for example with: sudo apt-get install emscripten'

await main(async () => {
  const compiler = await findCompiler(['em++'], HINT)
  const out = join(root, 'build', 'wasm')
  mkdirSync(join(root, 'wasm'), { recursive: true })
  await build({
    compiler,
    units: wasmUnits(),
    headers: headersHash(HEADERS),
    out,
    target: WASM_MODULE,
    stamp: join(out, 'linked'),
    link: (objects, target) =>
      run(compiler.name, ['-Oz', '-fwasm-exceptions', ...WASM_LINK_FLAGS, ...objects, '-o', target]),
  })
  chmodSync(WASM_MODULE, 0o644)
  writeFileSync(WASM_STAMP, `${JSON.stringify(wasmStamp(), null, 2)}\n`)
  process.stdout.write(`Engine built for WebAssembly with ${compiler.version}.\n`)
})
