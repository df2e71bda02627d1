import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { buildDriver } from '../scripts/build-driver.mjs'
import { loadWasmEngine } from '../wasm/engine.ts'
import { traceRequest } from '../wasm/request.ts'
import { writeTinyModel } from './support/tiny-model.ts'

const tokens = Uint32Array.from({ length: 20 }, (_, index) => (index * 37) % 256)

test('the driver computes what the WebAssembly module computes, layer by layer', async () => {
  const path = writeTinyModel({ architecture: 'bitnet', linear: 'i2_s' })
  const engine = await loadWasmEngine(readFileSync(new URL('../wasm/aria-engine.wasm', import.meta.url)))
  const program = await buildDriver()

  const { stdout, status } = spawnSync(program, [path, 'scalar'], {
    input: `${traceRequest(tokens, 7)}\nbad\n`,
    encoding: 'utf8',
  })
  const [trace, refusal] = stdout.trim().split('\n')

  expect(status).toBe(0)
  expect(JSON.parse(trace!)).toEqual({
    ...engine.openModel(readFileSync(path)).trace(tokens),
    kernels: 'scalar',
  })
  expect(JSON.parse(refusal!)).toMatchObject({ error: { code: 'bad_options' } })
})

test('the driver says why it cannot open a file', async () => {
  const { stdout, status } = spawnSync(await buildDriver(), ['/nowhere.gguf'], { encoding: 'utf8' })

  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'not_found' } })
})
