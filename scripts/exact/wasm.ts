// The WebAssembly module as a target, in Node.
import { readFile } from 'node:fs/promises'
import { loadWasmEngine } from '../../engine/wasm/engine.ts'
import type { Target } from './target.ts'

export const WASM_MODULE = new URL('../../engine/wasm/aria-engine.wasm', import.meta.url)

export async function wasmTarget(): Promise<Target> {
  const engine = await loadWasmEngine(await readFile(WASM_MODULE))
  return {
    name: 'WebAssembly in Node',
    knownAnswers: async seed => engine.knownAnswers('wasm', seed),
    async open(path) {
      const model = engine.openModel(await readFile(path))
      return {
        trace: async (tokens, chunk) => model.trace(tokens, chunk),
        verify: async transcript => model.verify(transcript),
        close: async () => model.close(),
      }
    },
    close: async () => {},
  }
}
