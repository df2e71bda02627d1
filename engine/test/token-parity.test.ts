// Token ids beside llama.cpp's. Every pre-tokenizer and every code point: npm run parity.
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import { afterAll, describe, expect, test } from 'vitest'
import { compareClasses } from './support/class-parity.ts'
import { CORPUS, compareTokens, VOCABULARIES } from './support/token-parity.ts'
import { writeVocabulary } from './support/vocabularies.ts'

const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.disabled })
afterAll(() => llama.dispose())

const CODE_POINT_STEP = 149

describe('token ids equal those of llama.cpp', () => {
  test.each(['gpt-2', 'default', 'spm'])('on every line of the corpus, split as %s', async name => {
    const path = writeVocabulary(await VOCABULARIES[name]!())

    expect(CORPUS.length).toBeGreaterThan(400)
    expect(await compareTokens(llama, path)).toEqual([])
  })

  test.each(['default', 'llama-bpe'])('for code points of every class, split as %s', async name => {
    expect(await compareClasses(llama, name, CODE_POINT_STEP)).toEqual([])
  })
})
