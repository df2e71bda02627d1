// The tokenizer as others see it; its work is done in src/tokenizer.
import { EngineError, engineError } from '../api/error.ts'
import { job, type NativeTokenizer, type PackedStrings } from '../api/native.ts'
import { chatOf } from './chat.ts'
import { TEXT_LENGTH_MAX } from './limits.ts'
import type { Decoder, Tokenizer } from './types.ts'

const TOKEN_MAX = 2 ** 32 - 1

function checkLength(text: string): void {
  if (text.length > TEXT_LENGTH_MAX)
    throw new EngineError(
      'bad_token',
      `The text has ${text.length} characters; at most ${TEXT_LENGTH_MAX} are allowed.`,
    )
}

function tokenArray(tokens: Uint32Array | readonly number[]): Uint32Array {
  if (tokens instanceof Uint32Array) return tokens
  const wrong = tokens.find(token => !Number.isInteger(token) || token < 0 || token > TOKEN_MAX)
  if (wrong !== undefined) throw new EngineError('bad_token', `Token ${wrong} is not a token id.`)
  return Uint32Array.from(tokens)
}

/** A native call that answers at once; its error as an EngineError. */
function direct<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw engineError(error)
  }
}

function decoderOf(raw: NativeTokenizer): Decoder {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  let first = true
  return {
    push(tokens) {
      const ids = tokenArray(tokens)
      const bytes = direct(() => raw.decode(ids, first))
      first &&= ids.length === 0
      return utf8.decode(bytes, { stream: true })
    },
    end: () => utf8.decode(),
  }
}

/** What a vocabulary gives: to its users, and to the engine's grammars the bytes of all tokens. */
export interface LoadedVocabulary {
  tokenizer: Tokenizer
  pieces: PackedStrings
}

export function vocabularyOf(raw: NativeTokenizer): LoadedVocabulary {
  const pieces = raw.pieces()
  return { pieces, tokenizer: tokenizerOf(raw, pieces) }
}

function tokenizerOf(raw: NativeTokenizer, { bytes, ends }: PackedStrings): Tokenizer {
  const facts = raw.facts()
  const chat = chatOf(raw, facts)
  return {
    vocabSize: facts.vocabSize,
    stopTokens: Array.from(facts.stopTokens),
    encode(text, { special = false } = {}) {
      checkLength(text)
      return direct(() => raw.encode(text, special))
    },
    async encodeAsync(text, { special = false, signal } = {}) {
      checkLength(text)
      return job(signal, control => raw.encode(text, special, control))
    },
    encodeChat: messages => direct(() => chat.encode(messages)),
    encodeChatAsync: async (messages, { signal } = {}) =>
      job(signal, control => chat.encodeAsync(messages, control)),
    tokenBytes(token) {
      const end = ends[token]
      if (end === undefined)
        throw new EngineError('bad_token', `Token ${token} is outside the vocabulary of ${ends.length}.`)
      return bytes.slice(ends[token - 1] ?? 0, end)
    },
    decode(tokens) {
      const decoder = decoderOf(raw)
      return decoder.push(tokens) + decoder.end()
    },
    decoder: () => decoderOf(raw),
  }
}
