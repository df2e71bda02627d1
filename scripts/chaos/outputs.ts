import { loadModel } from '@aria/engine'
import { reference } from '../../test/failover/reference.ts'
import type { Chat } from './gateway-traffic.ts'
import { GATEWAY } from './gateway-traffic.ts'
import type { Stream } from './records.ts'
import { type Ask, ask } from './traffic.ts'

/** What the engine alone answers: no network, no payment, nothing that can go wrong. */
export interface References {
  tokens(ask: Ask): Promise<Uint32Array>
  text(ask: Ask): Promise<string>
  close(): Promise<void>
}

export async function openReferences(modelPath: string): Promise<References> {
  const model = await loadModel(modelPath, { threads: 1 })
  const known = new Map<string, Promise<Uint32Array>>()
  const tokens = (wanted: Ask) => {
    const { content, maxOutputTokens, sampling, seed } = wanted
    const name = JSON.stringify([content, maxOutputTokens, sampling, `${seed}`])
    const promptTokens = model.tokenizer.encodeChat([{ role: 'user', content }])
    const { stopTokens } = model.tokenizer
    const question = {
      promptTokens,
      maxOutputTokens,
      sampling,
      seed,
      stopTokens,
      vocabSize: model.info.vocabSize,
    }
    const found = known.get(name) ?? reference(model, question)
    known.set(name, found)
    return found
  }
  return {
    tokens,
    async text(wanted) {
      const output = [...(await tokens(wanted))]
      const stops: readonly number[] = model.tokenizer.stopTokens
      if (stops.includes(output.at(-1)!)) output.pop()
      return model.tokenizer.decode(output)
    },
    close: () => model.close(),
  }
}

/** What is wrong with an answer; undefined when it is what it should be. */
export async function streamFault(
  stream: Stream,
  seed: number,
  references: References,
): Promise<string | undefined> {
  const wanted = ask(seed, stream.client, stream.number)
  const expected = await references.tokens(wanted)
  const got = stream.tokens
  const name = `${stream.client} #${stream.number}`
  const differs = got.findIndex((token, at) => token !== expected[at])
  if (differs >= 0) return `${name} differs from the reference at token ${differs}`
  // Whoever breaks off sees nothing more, even if all tokens and their receipt were on the way.
  if (wanted.cancelAfterTokens > 0 && got.length >= wanted.cancelAfterTokens) return undefined
  if (stream.end === 'finished' && got.length !== expected.length)
    return `${name} finished after ${got.length} of ${expected.length} tokens`
  if (stream.end === 'finished' && stream.kept !== got.length)
    return `${name} pays for ${stream.kept} tokens and shows ${got.length}`
  if (stream.end === 'failed' && !stream.isTyped)
    return `${name} failed without a typed error: ${stream.message}`
  return undefined
}

export async function chatFault(
  chat: Chat,
  seed: number,
  references: References,
): Promise<string | undefined> {
  const expected = await references.text(ask(seed, GATEWAY, chat.number))
  const name = `gateway #${chat.number}`
  if (chat.end === 'finished' && chat.text !== expected) return `${name} differs from the reference`
  // A character may be cut in its middle: the replacement character stands for what is missing.
  if (!expected.startsWith(chat.text.replace(/\uFFFD+$/, '')))
    return `${name} is no beginning of the reference`
  if (chat.end === 'failed' && !chat.isTyped) return `${name} failed without a typed error: ${chat.code}`
  return undefined
}
