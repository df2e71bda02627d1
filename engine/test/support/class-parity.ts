// Whether every code point falls into the same class as in llama.cpp, whose tables may be of another Unicode version: a
// vocabulary that merges a probe character with what follows, if both are in one word, shows where words are cut.
import type { Llama } from 'node-llama-cpp'
import { BYTE_CHARACTERS } from './bytes.ts'
import { compareTokens, type Difference } from './token-parity.ts'
import { TOKEN_TYPE, writeVocabulary } from './vocabularies.ts'

const PROBES = ['A', '1', '!', '\t']
const BATCH = 64
const LAST = 0x10ffff

export function probeVocabulary(preTokenizer: string): string {
  const standIn = (byte: number): string => BYTE_CHARACTERS[byte]!
  const merges = PROBES.flatMap(probe =>
    BYTE_CHARACTERS.slice(0x80).map(lead => `${standIn(probe.charCodeAt(0))} ${lead}`),
  )
  const tokens = [...BYTE_CHARACTERS, ...merges.map(merge => merge.replace(' ', ''))]
  const settings = { 'tokenizer.ggml.add_bos_token': { type: 'bool', value: false } } as const
  const types = tokens.map(() => TOKEN_TYPE.normal)
  return writeVocabulary({ model: 'gpt2', tokens, types, merges, preTokenizer, settings })
}

function* batches(step: number): Generator<string> {
  let text = ''
  let count = 0
  for (let code = 0x80; code <= LAST; code += step) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const character = String.fromCodePoint(code)
    text += PROBES.map(probe => `${probe}${character}\n`).join('')
    if (++count % BATCH === 0) {
      yield text
      text = ''
    }
  }
  yield text
}

/** Texts of every `step`th code point that are cut differently. `default` tells punctuation from other symbols. */
export async function compareClasses(
  llama: Llama,
  preTokenizer: string,
  step: number,
): Promise<Difference[]> {
  return compareTokens(llama, probeVocabulary(preTokenizer), [...batches(step)])
}
