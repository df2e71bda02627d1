// Token ids beside llama.cpp's, on every line of the corpus.
import { readFileSync } from 'node:fs'
import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp'
import { loadTokenizer } from '../../index.ts'
import { compareClasses } from './class-parity.ts'
import {
  bytePairVocabulary,
  sentenceVocabulary,
  type VocabularyFile,
  writeVocabulary,
} from './vocabularies.ts'

const read = (name: string): string => readFileSync(new URL(`../corpus/${name}`, import.meta.url), 'utf8')

/** Lines in many scripts, code and emoji, and short texts with odd whitespace, control characters and lone marks. */
export const CORPUS: readonly string[] = [
  ...read('texts.txt').trimEnd().split('\n'),
  ...(JSON.parse(read('odd.json')) as string[]),
]

export interface Difference {
  text: string
  special: boolean
  ours: number[]
  theirs: number[]
}

export async function compareTokens(
  llama: Llama,
  path: string,
  texts: readonly string[] = CORPUS,
): Promise<Difference[]> {
  const { tokenizer } = await loadTokenizer(path)
  const peer = await llama.loadModel({ modelPath: path, vocabOnly: true })
  const differences: Difference[] = []
  for (const text of texts)
    for (const special of [false, true]) {
      const ours = Array.from(tokenizer.encode(text, { special }))
      const theirs = Array.from(peer.tokenize(text, special)) as number[]
      if (ours.join() !== theirs.join()) differences.push({ text, special, ours, theirs })
    }
  await peer.dispose()
  return differences
}

/** Each pre-tokenizer with a vocabulary made for it, or for lack of that one with another: splits are what is compared. */
export const VOCABULARIES: Readonly<Record<string, () => VocabularyFile | Promise<VocabularyFile>>> = {
  'gpt-2': () => ({ ...bytePairVocabulary('gpt2'), preTokenizer: 'gpt-2' }),
  default: () => ({ ...bytePairVocabulary('gpt2'), preTokenizer: 'default' }),
  falcon: () => ({ ...bytePairVocabulary('gpt2'), preTokenizer: 'falcon' }),
  'llama-bpe': () => ({ ...bytePairVocabulary('llama3'), preTokenizer: 'llama-bpe' }),
  falcon3: () => ({ ...bytePairVocabulary('llama3'), preTokenizer: 'falcon3' }),
  qwen2: () => ({ ...bytePairVocabulary('qwen2_5'), preTokenizer: 'qwen2' }),
  spm: sentenceVocabulary,
}

/** One check per pre-tokenizer, `parity.tokenizer.<name>`: the share of texts with the same ids, which has to be all. */
export async function tokenizerParity(): Promise<
  { name: string; value: number; unit: string; goal: string; ok: boolean }[]
> {
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.disabled })
  const checks = []
  for (const [name, vocabulary] of Object.entries(VOCABULARIES)) {
    const differences = await compareTokens(llama, writeVocabulary(await vocabulary()))
    const compared = CORPUS.length * 2
    checks.push({
      name: `parity.tokenizer.${name}`,
      value: compared - differences.length,
      unit: 'texts',
      goal: `${compared} with the same ids`,
      ok: differences.length === 0,
    })
  }
  const cut = await compareClasses(llama, 'default', 1)
  checks.push({
    name: 'parity.tokenizer.unicode',
    value: cut.length,
    unit: 'batches of code points cut differently',
    goal: '0',
    ok: cut.length === 0,
  })
  await llama.dispose()
  return checks
}
