// Our logits against llama.cpp's, or the fp64 reference's where llama.cpp has no such format or architecture.
import { rmSync } from 'node:fs'
import { loadModel } from '../../engine/index.ts'
import { argmax } from '../../engine/test/support/agreement.ts'
import { writeGguf } from '../../engine/test/support/gguf-writer.ts'
import { Random } from '../../engine/test/support/random.ts'
import { referenceLogits } from '../../engine/test/support/reference-model.ts'
import { TOKENS, temporaryFile, tinyModel } from '../../engine/test/support/tiny-model.ts'
import type { Check } from '../checks.ts'
import type { Case } from './cases.ts'
import { agreementChecks, compare, join, type Other } from './compare.ts'
import { openPeer } from './peer.ts'

const POSITIONS = 128 // beyond the context that the stretched models were "trained" for
const REFERENCE_POSITIONS = 80

async function ourLogits(path: string, tokens: readonly number[]): Promise<Float32Array[]> {
  const model = await loadModel(path)
  try {
    const session = model.createSession()
    const all: Float32Array[] = []
    for (const token of tokens) {
      await session.prefill(Uint32Array.of(token))
      all.push(await session.logits())
    }
    return all
  } finally {
    await model.close()
  }
}

async function peerLogits(path: string, tokens: readonly number[]): Promise<Other[]> {
  const peer = await openPeer(path)
  try {
    return await peer.run(tokens)
  } finally {
    await peer.close()
  }
}

export async function caseChecks({ name, model, againstReference }: Case): Promise<Check[]> {
  const file = tinyModel(model)
  const path = temporaryFile(writeGguf(file).bytes)
  try {
    const random = new Random(31)
    const length = againstReference ? REFERENCE_POSITIONS : POSITIONS
    const tokens = Array.from({ length }, () => random.below(TOKENS.length))
    const others = againstReference
      ? referenceLogits(file, tokens).map(logits => ({
          token: argmax(logits),
          tokens: [...logits.keys()],
          scores: [...logits],
        }))
      : await peerLogits(path, tokens)
    const agreement = compare(await ourLogits(path, tokens), others)
    return agreementChecks(name, agreement, againstReference ? '_vs_reference' : '')
  } finally {
    rmSync(path)
  }
}

const PROMPTS = [
  'Tell me a short story about a dog.',
  'Once upon a time there was a small bird.',
  'What is ARIA?',
  'How does a provider earn tokens?',
  'What is 7 plus 5?',
  'Hello, who are you?',
]
const ANSWER_TOKENS = 32

/** A trained model: the prompts' templates and what it answers, every position. */
export async function fileChecks(name: string, path: string): Promise<Check[]> {
  const model = await loadModel(path)
  const peer = await openPeer(path)
  try {
    const agreements = []
    for (const content of PROMPTS) {
      const session = model.createSession()
      const prompt = model.tokenizer.encodeChat([{ role: 'user', content }])
      const tokens = [...prompt]
      await session.prefill(prompt)
      tokens.push(...(await session.decode(ANSWER_TOKENS, { temperature: 0, topK: 0, topP: 10000 }, 0n)))
      await session.close()
      agreements.push(compare(await ourLogits(path, tokens), await peer.run(tokens)))
    }
    return agreementChecks(name, join(agreements))
  } finally {
    await peer.close()
    await model.close()
  }
}
