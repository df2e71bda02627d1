import { describe, expect, test } from 'vitest'
import { imports, sources } from './sources.ts'

/** Which of our own folders each folder may import (docs/architecture.md); tests may reach anything. */
const ALLOWED: Record<string, string[]> = {
  'sdk/protocol': [],
  'sdk/p2p': ['sdk/protocol'],
  'sdk/client': ['sdk/protocol', 'sdk/p2p'],
  'sdk/gateway': ['sdk/protocol', 'sdk/client'],
  engine: [],
  node: ['sdk', 'engine'],
  indexer: ['sdk/protocol', 'sdk/p2p', 'engine'],
  // Its measuring commands answer in the common shape.
  contracts: ['sdk/protocol/abi', 'scripts/checks.ts'],
  web: ['sdk/protocol', 'sdk/client', 'engine/wasm'],
}
/** The dashboard knows the indexer by its API types only. */
const TYPES_ONLY: Record<string, string[]> = { web: ['indexer'] }
const OURS = ['sdk', 'engine', 'node', 'indexer', 'contracts', 'web', 'scripts', 'test']

function within(target: string, folder: string): boolean {
  return target === folder || target.startsWith(`${folder}/`)
}

describe('import arrows', () => {
  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    test(`${folder} imports only ${allowed.join(', ') || 'itself'}`, () => {
      const forbidden = sources(folder, /\.(ts|tsx)$/)
        .filter(({ path }) => !path.includes('/test/'))
        .flatMap(source => imports(source).map(edge => ({ from: source.path, ...edge })))
        .filter(({ target }) => OURS.some(ours => within(target, ours)))
        .filter(({ target }) => !within(target, folder) && !allowed.some(ok => within(target, ok)))
        .filter(({ target, typeOnly }) => !(typeOnly && TYPES_ONLY[folder]?.some(ok => within(target, ok))))

      expect(forbidden).toEqual([])
    })
  }

  test("the engine's WebAssembly loader runs in a browser: all that it imports is free of Node", () => {
    const reached = new Set(['engine/wasm/engine.ts'])
    const all = sources('engine', /\.ts$/)
    for (const path of reached)
      for (const { target, typeOnly } of imports(all.find(source => source.path === path)!)) {
        if (typeOnly) continue
        expect(target, path).toMatch(/^engine\//)
        reached.add(target)
      }

    expect([...reached]).toContain('engine/api/error.ts')
  })

  test('each engine layer includes only the layers before it', () => {
    const layers = ['base', 'gguf', 'tokenizer', 'kernels', 'ops', 'model', 'grammar', 'session']
    const forbidden = sources('engine/src', /\.(cpp|h)$/).flatMap(({ path, text }) => {
      const own = layers.indexOf(path.split('/')[2] ?? '')
      const included = [...text.matchAll(/^#include "(?:\.\.\/)*([a-z]+)\//gm)].map(([, layer]) => layer!)
      return included.filter(layer => layers.indexOf(layer) > own).map(layer => `${path} includes ${layer}`)
    })

    expect(forbidden).toEqual([])
  })
})
