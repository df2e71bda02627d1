import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { buildDriver } from '../scripts/build-driver.mjs'
import { loadWasmEngine } from '../wasm/engine.ts'
import { traceRequest } from '../wasm/request.ts'
import { supportedKernels } from './support/kernels.ts'
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

const BUILT_IN = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const MODELS: Record<string, string> = {
  'the built-in model': BUILT_IN,
  'llama, TQ1_0': writeTinyModel({ architecture: 'llama', linear: 'tq1_0', embedding: 'q6_k' }),
  'bitnet-b1.58, I2_S': writeTinyModel({ architecture: 'bitnet-b1.58', linear: 'i2_s', embedding: 'q4_k' }),
  'qwen3, Q2_0': writeTinyModel({ architecture: 'qwen3', linear: 'q2_0', embedding: 'bf16' }),
}

test.each(Object.entries(MODELS))(
  '%s: every kernel table gives each layer the same bits',
  async (_, path) => {
    const program = await buildDriver()
    const traceOf = (kernels: string, threads: number): { layers: string[]; logits: string } => {
      const request = `${traceRequest(tokens, threads === 1 ? 64 : 7)}\n`
      const { stdout } = spawnSync(program, [path, kernels, String(threads)], {
        input: request,
        encoding: 'utf8',
      })
      const { layers, logits } = JSON.parse(stdout)
      return { layers, logits }
    }
    const specified = traceOf('scalar', 1)
    expect(specified.layers.length).toBeGreaterThan(1)
    for (const kernels of supportedKernels())
      for (const threads of [1, 3]) expect(traceOf(kernels, threads), kernels).toEqual(specified)
  },
)

test('the driver says why it cannot open a file', async () => {
  const { stdout, status } = spawnSync(await buildDriver(), ['/nowhere.gguf'], { encoding: 'utf8' })

  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'not_found' } })
})
