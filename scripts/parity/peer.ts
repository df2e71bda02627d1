// llama.cpp, the other implementation: its distribution after every position of a sequence.
import {
  getLlama,
  type Llama,
  type LlamaContext,
  LlamaLogLevel,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp'
import type { Other } from './compare.ts'

const CONTEXT = 512

export interface Peer {
  tokenize(text: string): number[]
  /** What follows each of the tokens, read one after another. */
  run(tokens: readonly number[]): Promise<Other[]>
  close(): Promise<void>
}

let llama: Llama | undefined

/** Opens a model in llama.cpp, on the CPU, from a prebuilt binary. @throws when it cannot load the file. */
export async function openPeer(path: string): Promise<Peer> {
  llama ??= await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error })
  const model: LlamaModel = await llama.loadModel({ modelPath: path })
  const context = await model.createContext({ contextSize: CONTEXT, threads: 1 })
  return {
    tokenize: text => [...model.tokenize(text)],
    run: tokens => run(context, tokens),
    close: () => model.dispose(),
  }
}

async function run(context: LlamaContext, tokens: readonly number[]): Promise<Other[]> {
  const ask = { generateNext: { probabilities: true, token: true, options: { temperature: 0 } } } as const
  const sequence = context.getSequence()
  try {
    const results = await sequence.controlledEvaluate(tokens.map(token => [token as Token, ask]))
    return results.map((result, i) => {
      if (result?.next.token === undefined || result.next.probabilities === undefined)
        throw new Error(`llama.cpp gave no distribution after position ${i}.`)
      // A probability of 0 is one too small for a float: its logarithm is not known.
      const shown = [...result.next.probabilities].filter(([, probability]) => probability > 0)
      return {
        token: Number(result.next.token),
        tokens: shown.map(([token]) => Number(token)),
        scores: shown.map(([, probability]) => Math.log(probability)),
      }
    })
  } finally {
    sequence.dispose()
  }
}

export async function closePeers(): Promise<void> {
  await llama?.dispose()
  llama = undefined
}
