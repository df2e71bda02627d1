// llama.cpp, the other implementation: its distribution after every position of a sequence.
import { getLlama, type Llama, type LlamaContextSequence, type LlamaModel, type Token } from 'node-llama-cpp'

export interface Step {
  /** The token that it draws greedily. */
  token: number
  /** Of every token of the vocabulary. */
  probabilities: ReadonlyMap<number, number>
}

const CONTEXT = 512

export interface Peer {
  tokenize(text: string): number[]
  /** What follows each of the tokens, read one after another. */
  steps(tokens: readonly number[]): Promise<Step[]>
  close(): Promise<void>
}

let llama: Llama | undefined

/** Opens a model in llama.cpp, on the CPU, from a prebuilt binary. @throws when it cannot load the file. */
export async function openPeer(path: string): Promise<Peer> {
  llama ??= await getLlama({ gpu: false, build: 'never', logLevel: 'error' as never })
  const model: LlamaModel = await llama.loadModel({ modelPath: path })
  const context = await model.createContext({ contextSize: CONTEXT, threads: 1 })
  return {
    tokenize: text => [...model.tokenize(text)],
    async steps(tokens) {
      const sequence = context.getSequence()
      try {
        return await read(sequence, tokens)
      } finally {
        sequence.dispose()
      }
    },
    close: () => model.dispose(),
  }
}

async function read(sequence: LlamaContextSequence, tokens: readonly number[]): Promise<Step[]> {
  const ask = { generateNext: { probabilities: true, token: true, options: { temperature: 0 } } } as const
  const results = await sequence.controlledEvaluate(tokens.map(token => [token as Token, ask]))
  return results.map(result => ({ token: result!.next.token!, probabilities: result!.next.probabilities! }))
}

export async function closePeers(): Promise<void> {
  await llama?.dispose()
  llama = undefined
}
