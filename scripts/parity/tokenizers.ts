// Token ids against llama.cpp's.
import { loadTokenizer } from '../../engine/index.ts'
import { type Check, exactly } from '../checks.ts'
import { openPeer } from './peer.ts'

const TEXTS = [
  'Hello world',
  "I don't know.",
  '  two  spaces\n\n\ttab',
  'price: 1234567 wei',
  'naïve café',
  '日本語',
  '🙂 ok',
  'x = (a+b)*2; // note',
]

/** Texts whose token ids differ, of a model file that llama.cpp reads too. */
export async function fileTokenizerChecks(name: string, path: string): Promise<Check[]> {
  const { tokenizer } = await loadTokenizer(path)
  const peer = await openPeer(path)
  try {
    const differing = TEXTS.filter(text => [...tokenizer.encode(text)].join() !== peer.tokenize(text).join())
    return [exactly(`parity.tokenizer.${name}.differing`, differing.length, 0, `of ${TEXTS.length} texts`)]
  } finally {
    await peer.close()
  }
}
