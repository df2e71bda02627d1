import { describe, expect, test } from 'vitest'
import { loadTokenizer } from '../index.ts'
import { TOKEN_TYPE, writeVocabulary } from './support/vocabularies.ts'

const CONTROL = ['<unk>', '<s>', '</s>']
const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
)
const LETTERS = [...'▁helowrdé']
const PIECES = ['he', 'll', 'hell', 'hello', '▁hello', 'wo', 'rld', 'world', '▁world', '▁▁']
const tokens = [...CONTROL, ...BYTES, ...LETTERS, ...PIECES]
const types = tokens.map((token, id) => {
  if (token === '<unk>') return TOKEN_TYPE.unknown
  if (id < CONTROL.length) return TOKEN_TYPE.control
  return id < CONTROL.length + BYTES.length ? TOKEN_TYPE.byte : TOKEN_TYPE.normal
})
const scores = tokens.map((_, id) => -id)
const { tokenizer } = await loadTokenizer(writeVocabulary({ model: 'llama', tokens, types, scores }))
const ids = (...texts: string[]): Uint32Array => Uint32Array.from(texts, text => tokens.indexOf(text))

describe('a SentencePiece tokenizer', () => {
  test.each(['hello', 'hello world', ' hello', '  hello  world ', 'é🙂日', 'hello\nworld', '▁'])(
    'gives %j back',
    text => {
      const back = tokenizer.decode(tokenizer.encode(text))

      expect(back).toBe(text.replaceAll('▁', ' ')) // that character is the space to SentencePiece
    },
  )

  test('puts a space before a text and takes it away again, once', () => {
    expect(tokenizer.decode(ids('▁hello', '▁world'))).toBe('hello world')
    expect(tokenizer.decode(ids('hello', '▁world'))).toBe('hello world')
    expect(tokenizer.decode(ids('▁', '▁hello'))).toBe(' hello')
    expect(tokenizer.decode(ids('</s>'))).toBe('')
  })

  test('takes it from the first token of a stream only, however the stream is cut', () => {
    for (const cut of [0, 1, 2, 3]) {
      const all = ids('▁hello', '▁world', '▁hello')
      const decoder = tokenizer.decoder()
      const text = decoder.push(all.subarray(0, cut)) + decoder.push(all.subarray(cut)) + decoder.end()

      expect(text, `cut at ${cut}`).toBe('hello world hello')
    }
  })

  test('streams characters made of byte tokens whole', () => {
    const text = 'hello 🙂日é'
    const decoder = tokenizer.decoder()
    const pieces = Array.from(tokenizer.encode(text), token => decoder.push([token]))

    expect(pieces.filter(piece => piece !== '').slice(-3)).toEqual(['🙂', '日', 'é'])
    expect(pieces.join('') + decoder.end()).toBe(text)
  })
})
