import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { GREEDY, loadModel, sampling } from '../index.ts'
import { WASM_STAMP, wasmStamp } from '../scripts/wasm-sources.mjs'
import { loadWasmEngine, type WasmEngine } from '../wasm/engine.ts'
import { Random } from './support/random.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'
import { ALL_WEIGHT_TYPES } from './support/weight-types.ts'

const MODULE = readFileSync(new URL('../wasm/aria-engine.wasm', import.meta.url))
const BUILT_IN = new URL('../../models/aria-1.gguf', import.meta.url)
const COMPRESSED_MAX = 150_000 // bytes: a page downloads it compressed
const SEEDS = [0, 1, 2, 3, 4, 5, 7, 13, 33, 70]

const ARCHITECTURES = ['llama', 'qwen3', 'bitnet'] as const
const MODELS = ALL_WEIGHT_TYPES.map((linear, index) => {
  const architecture = ARCHITECTURES[index % ARCHITECTURES.length]!
  return [`${architecture}, ${linear}`, { architecture, linear, layers: 1 }] as const
})
const random = new Random(11)
const prompt = Uint32Array.from({ length: 70 }, () => random.below(TOKENS.length)) // crosses a step and a page

let engine: WasmEngine
beforeAll(async () => {
  engine = await loadWasmEngine(MODULE)
})

describe('the WebAssembly module', () => {
  test('is built from these sources (if not, run: npm run wasm -w engine)', () => {
    expect(JSON.parse(readFileSync(WASM_STAMP, 'utf8'))).toEqual(wasmStamp())
  })

  test('is small enough to download', () => {
    expect(gzipSync(MODULE).length).toBeLessThan(COMPRESSED_MAX)
  })

  test('has kernels that equal the specification bit for bit', () => {
    for (const seed of SEEDS) {
      const specified = native().knownAnswers('scalar', seed)

      expect(engine.knownAnswers('wasm', seed), `seed ${seed}`).toEqual(specified)
      expect(engine.knownAnswers('scalar', seed), `seed ${seed}`).toEqual(specified)
    }
  })
})

describe.each(MODELS)('%s, in WebAssembly', (_, options) => {
  test('every verdict is the native one, and every chunking gives the same trace', async () => {
    const path = writeTinyModel(options)
    const settings = sampling({ temperature: 1.1, topP: 0.9, minP: 0.01, presencePenalty: 0.5 })
    const model = await loadModel(path, { threads: 1 })
    const session = model.createSession()
    await session.prefill(prompt)
    const output = await session.decode(12, settings, 9n)
    const altered = Uint32Array.from(output, (token, index) =>
      index === 5 ? (token + 1) % TOKENS.length : token,
    )
    const portable = engine.openModel(readFileSync(path))

    for (const answer of [output, altered, Uint32Array.of()]) {
      const transcript = { prompt, output: answer, sampling: settings, seed: 9n }
      expect(portable.verify(transcript)).toEqual(await model.verify(transcript))
    }
    expect(portable.trace(prompt, 9)).toEqual(portable.trace(prompt))
    portable.close()
    await model.close()
  })
})

describe('a model in WebAssembly', () => {
  test('the built-in one gives the verdicts that the native engine gives', async () => {
    const native = await loadModel(BUILT_IN.pathname)
    const portable = engine.openModel(readFileSync(BUILT_IN))
    const question = native.tokenizer.encodeChat([{ role: 'user', content: 'What is a voucher?' }])
    const session = native.createSession()
    await session.prefill(question)
    const output = await session.decode(24, GREEDY, 0n)

    const verdict = portable.verify({ prompt: question, output, sampling: GREEDY, seed: 0n })

    expect(portable.info).toMatchObject({
      kernels: 'wasm',
      vocabulary: native.info.vocabSize,
      layers: native.info.layers,
      stops: Array.from(native.tokenizer.stopTokens).sort((a, b) => a - b),
    })
    expect(verdict).toEqual({ match: true })
    await native.close()
  })

  test('a logit bias and penalties count as they do natively', async () => {
    const path = writeTinyModel()
    const model = await loadModel(path, { threads: 1 })
    const portable = engine.openModel(readFileSync(path))
    const settings = sampling({
      temperature: 0.7,
      logitBias: { 5: 2.5, 9: -100 },
      frequencyPenalty: 1,
      repetitionPenalty: 1.2,
      repetitionWindow: 30,
    })
    const session = model.createSession()
    await session.prefill(prompt)
    const output = await session.decode(10, settings, 3n)

    expect(portable.verify({ prompt, output, sampling: settings, seed: 3n })).toEqual({ match: true })
    await model.close()
  })

  test('refuses by name what it cannot compute', () => {
    const model = engine.openModel(readFileSync(writeTinyModel()))
    const transcript = { prompt, output: Uint32Array.of(1), sampling: GREEDY, seed: 0n }

    expect(() => engine.openModel(new TextEncoder().encode('GGUF'))).toThrow(
      expect.objectContaining({ name: 'EngineError', code: 'bad_gguf' }),
    )
    expect(() => engine.openModel(new Uint8Array())).toThrow(expect.objectContaining({ code: 'bad_gguf' }))
    expect(() => engine.openModel(readFileSync(writeTinyModel()), { kernels: 'avx2' as 'wasm' })).toThrow(
      expect.objectContaining({ code: 'no_cpu_support' }),
    )
    expect(() => model.verify({ ...transcript, output: Uint32Array.of(TOKENS.length) })).toThrow(
      expect.objectContaining({ code: 'bad_token' }),
    )
    expect(() => model.verify({ ...transcript, seed: -1n })).toThrow(
      expect.objectContaining({ code: 'bad_sampling' }),
    )
    expect(() => model.trace(prompt, 65)).toThrow(expect.objectContaining({ code: 'bad_options' }))
    model.close()
    expect(() => model.verify(transcript)).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  test('a module that is not the engine is refused', async () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    const other = await loadWasmEngine(empty)

    expect(() => other.openModel(new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'bad_options' }))
    await expect(loadWasmEngine(new Uint8Array(8))).rejects.toMatchObject({ code: 'no_cpu_support' })
  })
})
