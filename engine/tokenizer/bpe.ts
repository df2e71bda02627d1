// Byte-level BPE by @huggingface/tokenizers, built from a GGUF vocabulary.
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { EngineError } from '../api/error.ts'
import { BYTE_CHARACTERS } from './bytes.ts'
import { isMergeable, type Vocabulary } from './vocabulary.ts'

const GPT2_WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)`
const LLAMA3_WORDS = String.raw`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

interface PreTokenizer {
  /** Applied one after the other, each to the pieces of the one before. */
  readonly splits: readonly string[]
  /** Whether a whole word in the vocabulary is taken without looking at merges. */
  readonly ignoreMerges: boolean
}

// By the names that tokenizer.ggml.pre uses; the expressions are llama.cpp's.
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  'gpt-2': { splits: [GPT2_WORDS], ignoreMerges: false },
  'llama-bpe': { splits: [LLAMA3_WORDS], ignoreMerges: true },
  qwen2: { splits: [LLAMA3_WORDS.replace(String.raw`\p{N}{1,3}`, String.raw`\p{N}`)], ignoreMerges: false },
  default: {
    splits: [String.raw`[\p{P}\$\+<=>\^~\|]+`, GPT2_WORDS, String.raw`\p{N}+`, '[0-9][0-9][0-9]'],
    ignoreMerges: false,
  },
}

function preTokenizerOf(name: string): PreTokenizer {
  const found = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined
  if (found === undefined)
    throw new EngineError(
      'unsupported',
      `Pre-tokenizer '${name}' is not supported; ${Object.keys(PRE_TOKENIZERS).join(', ')} are.`,
    )
  return found
}

// The library drops pieces that it cannot name, so nothing unnameable may arise: all bytes, and every merge's result.
function checkComplete(
  ids: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
): void {
  const missing = BYTE_CHARACTERS.findIndex(character => !ids.has(character))
  if (missing >= 0) throw new EngineError('bad_gguf', `The vocabulary has no token for byte ${missing}.`)
  const broken = merges.findIndex(([left, right]) => !ids.has(left + right))
  if (broken >= 0)
    throw new EngineError(
      'bad_gguf',
      `Merge ${broken} makes '${merges[broken]?.join('')}', which is not in the vocabulary.`,
    )
}

function splitMerge(merge: string, index: number): readonly [string, string] {
  const space = merge.indexOf(' ')
  if (space <= 0 || space === merge.length - 1)
    throw new EngineError('bad_gguf', `Merge ${index} is not two tokens: '${merge}'.`)
  return [merge.slice(0, space), merge.slice(space + 1)]
}

export type EncodeText = (text: string) => number[]

export function bytePairEncoder(vocabulary: Vocabulary): EncodeText {
  const { splits, ignoreMerges } = preTokenizerOf(vocabulary.preTokenizer)
  const ids = new Map<string, number>()
  for (const [id, token] of vocabulary.tokens.entries())
    if (isMergeable(vocabulary.types[id]) && !ids.has(token)) ids.set(token, id)
  const merges = vocabulary.merges.map(splitMerge)
  checkComplete(ids, merges)
  const words = splits.map(Regex => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }))
  const library = new Library(
    {
      model: {
        type: 'BPE',
        vocab: Object.assign(Object.create(null), Object.fromEntries(ids)),
        merges,
        ignore_merges: ignoreMerges,
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          ...words,
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      normalizer: null,
      post_processor: null,
      decoder: null,
      added_tokens: [],
    },
    {},
  )
  return text => (text === '' ? [] : library.encode(text, { add_special_tokens: false }).ids)
}
