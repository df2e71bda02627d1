// Token ids against llama.cpp's.
import { loadTokenizer } from '../../engine/index.ts'
import { CORPUS } from '../../engine/test/support/token-parity.ts'
import { type Check, exactly } from '../checks.ts'
import { openPeer } from './peer.ts'

/** Texts whose token ids differ, of a model file that llama.cpp reads too. */
export async function fileTokenizerChecks(name: string, path: string): Promise<Check[]> {
  const { tokenizer } = await loadTokenizer(path)
  const peer = await openPeer(path)
  try {
    const differing = CORPUS.filter(text => [...tokenizer.encode(text)].join() !== peer.tokenize(text).join())
    return [exactly(`parity.tokenizer.${name}.differing`, differing.length, 0, `of ${CORPUS.length} texts`)]
  } finally {
    await peer.close()
  }
}
