// The vocabulary of a GGUF file, checked.
import { EngineError } from '../api/error.ts'
import type { Metadata, PackedStrings } from '../api/native.ts'

export const TOKEN_NORMAL = 1
export const TOKEN_CONTROL = 3
export const TOKEN_USER_DEFINED = 4
const TOKEN_UNUSED = 5
const TOKEN_BYTE = 6

export interface Vocabulary {
  readonly tokens: readonly string[]
  readonly types: readonly number[]
  readonly merges: readonly string[]
  readonly preTokenizer: string
  readonly bos: number | undefined
  readonly addBos: boolean
  readonly chatTemplate: string | undefined
  readonly stopTokens: readonly number[]
}

// Control tokens that end an answer even when no key names them, as llama.cpp has it.
const STOP_TEXTS = new Set([
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '<|eom_id|>',
  '<EOT>',
  '<|end_of_text|>',
  '</s>',
])
const STOP_KEYS = ['eos_token_id', 'eot_token_id', 'eom_token_id']

const bad = (message: string): EngineError => new EngineError('bad_gguf', message)

const isPacked = (value: unknown): value is PackedStrings =>
  typeof value === 'object' && value !== null && 'ends' in value

function strings(metadata: Metadata, key: string): string[] {
  const packed = metadata[key]
  if (!isPacked(packed)) throw bad(`Key '${key}' is missing or not an array of strings.`)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let begin = 0
  return Array.from(packed.ends, (end, index) => {
    try {
      const text = decoder.decode(packed.bytes.subarray(begin, end))
      begin = end
      return text
    } catch {
      throw bad(`Key '${key}'[${index}] is not valid UTF-8.`)
    }
  })
}

function text(metadata: Metadata, key: string): string | undefined {
  const value = metadata[key]
  if (value !== undefined && typeof value !== 'string') throw bad(`Key '${key}' does not hold a string.`)
  return value
}

function tokenId(metadata: Metadata, key: string, count: number): number | undefined {
  const value = metadata[key]
  if (value === undefined) return undefined
  const id = Number(value)
  if (!Number.isInteger(id) || id < 0 || id >= count)
    throw bad(`Key '${key}' is ${String(value)}, outside the vocabulary of ${count}.`)
  return id
}

function tokenTypes(metadata: Metadata, count: number): number[] {
  const value = metadata['tokenizer.ggml.token_type']
  if (value === undefined) return new Array<number>(count).fill(TOKEN_NORMAL)
  if (!(value instanceof Int32Array || value instanceof Uint32Array) || value.length !== count)
    throw bad(`Key 'tokenizer.ggml.token_type' does not hold ${count} integers.`)
  const types = Array.from(value)
  const unknown = types.findIndex(type => type < TOKEN_NORMAL || type > TOKEN_BYTE)
  if (unknown >= 0) throw bad(`Token ${unknown} has unknown type ${types[unknown]}.`)
  return types
}

function stopTokensOf(metadata: Metadata, tokens: readonly string[], types: readonly number[]): number[] {
  const named = STOP_KEYS.map(key => tokenId(metadata, `tokenizer.ggml.${key}`, tokens.length))
  const known = tokens.map((token, id) =>
    types[id] === TOKEN_CONTROL && STOP_TEXTS.has(token) ? id : undefined,
  )
  return [...new Set([...named, ...known].filter(id => id !== undefined))].sort((a, b) => a - b)
}

export function readVocabulary(metadata: Metadata, vocabSize: number): Vocabulary {
  const model = text(metadata, 'tokenizer.ggml.model')
  if (model !== 'gpt2')
    throw new EngineError(
      'unsupported',
      `Tokenizer model '${model}' is not supported yet; byte-level BPE ('gpt2') is.`,
    )
  const tokens = strings(metadata, 'tokenizer.ggml.tokens')
  if (tokens.length !== vocabSize)
    throw bad(`The vocabulary has ${tokens.length} tokens, but the embedding has ${vocabSize} rows.`)
  const types = tokenTypes(metadata, tokens.length)
  return {
    tokens,
    types,
    merges: strings(metadata, 'tokenizer.ggml.merges'),
    preTokenizer: text(metadata, 'tokenizer.ggml.pre') ?? 'default',
    bos: tokenId(metadata, 'tokenizer.ggml.bos_token_id', tokens.length),
    addBos: metadata['tokenizer.ggml.add_bos_token'] === true,
    chatTemplate: text(metadata, 'tokenizer.chat_template'),
    stopTokens: stopTokensOf(metadata, tokens, types),
  }
}

/** Whether text may become this token by merging. */
export const isMergeable = (type: number | undefined): boolean =>
  type === TOKEN_NORMAL || type === TOKEN_BYTE || type === TOKEN_UNUSED
