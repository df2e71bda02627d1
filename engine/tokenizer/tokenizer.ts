// Text to tokens and back, from a GGUF file's own vocabulary.
import { EngineError } from '../api/error.ts'
import type { Metadata, PackedStrings } from '../api/native.ts'
import { bytePairEncoder } from './bpe.ts'
import { tokenBytes } from './bytes.ts'
import { chatRenderer } from './chat.ts'
import { type Part, specialSplitter } from './special.ts'
import type { Decoder, Tokenizer } from './types.ts'
import { readVocabulary, TOKEN_CONTROL, TOKEN_USER_DEFINED, type Vocabulary } from './vocabulary.ts'

export const TEXT_LENGTH_MAX = 16 * 1024 * 1024 // UTF-16 units: far more than any context; bounds time and memory

function checkLength(text: string): void {
  if (text.length > TEXT_LENGTH_MAX)
    throw new EngineError(
      'bad_token',
      `The text has ${text.length} characters; at most ${TEXT_LENGTH_MAX} are allowed.`,
    )
}

// Control tokens show nothing; user-defined ones are written plainly in the vocabulary; the rest byte by byte.
function bytesOfToken(vocabulary: Vocabulary, token: number): Uint8Array {
  const text = vocabulary.tokens[token]
  if (text === undefined)
    throw new EngineError(
      'bad_token',
      `Token ${token} is outside the vocabulary of ${vocabulary.tokens.length}.`,
    )
  const type = vocabulary.types[token]
  if (type === TOKEN_CONTROL) return new Uint8Array()
  return type === TOKEN_USER_DEFINED ? new TextEncoder().encode(text) : tokenBytes(text)
}

function decoderOf(vocabulary: Vocabulary): Decoder {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    push: tokens =>
      Array.from(tokens, token => utf8.decode(bytesOfToken(vocabulary, token), { stream: true })).join(''),
    end: () => utf8.decode(),
  }
}

/** All tokens' bytes, for the engine's grammars. */
export function packedTokens(tokenizer: Tokenizer): PackedStrings {
  const strings = Array.from({ length: tokenizer.vocabSize }, (_, token) => tokenizer.tokenBytes(token))
  const ends = new Uint32Array(strings.length)
  const bytes = new Uint8Array(strings.reduce((sum, string) => sum + string.length, 0))
  let end = 0
  for (const [token, string] of strings.entries()) {
    bytes.set(string, end)
    end += string.length
    ends[token] = end
  }
  return { bytes, ends }
}

export function loadVocabulary(metadata: Metadata, vocabSize: number): Tokenizer {
  const vocabulary = readVocabulary(metadata, vocabSize)
  const encodeText = bytePairEncoder(vocabulary)
  const splitter = specialSplitter(vocabulary)
  const render = chatRenderer(vocabulary, splitter.controlTexts)

  const encodeParts = (parts: readonly Part[]): number[] =>
    parts.flatMap(part => ('token' in part ? [part.token] : encodeText(part.text)))
  const withBos = (tokens: number[]): Uint32Array =>
    Uint32Array.from(
      vocabulary.addBos && vocabulary.bos !== undefined && tokens[0] !== vocabulary.bos
        ? [vocabulary.bos, ...tokens]
        : tokens,
    )

  return {
    vocabSize,
    stopTokens: vocabulary.stopTokens,
    encode(text, { special = false } = {}) {
      checkLength(text)
      const tokens = encodeParts(splitter.split(text, special))
      return special ? withBos(tokens) : Uint32Array.from(tokens)
    },
    encodeChat(messages) {
      for (const message of messages) checkLength(message.content)
      const { text, marker } = render(messages)
      checkLength(text)
      const parts = splitter.split(text, true)
      return withBos(
        encodeParts(parts.map(part => ('text' in part ? { text: part.text.replaceAll(marker, '') } : part))),
      )
    },
    tokenBytes: token => bytesOfToken(vocabulary, token),
    decode(tokens) {
      const decoder = decoderOf(vocabulary)
      return decoder.push(tokens) + decoder.end()
    },
    decoder: () => decoderOf(vocabulary),
  }
}
