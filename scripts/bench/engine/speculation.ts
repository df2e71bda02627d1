// What drafts (engine/SERVING.md) bring on answers that repeat their prompt: the built-in model, with and without, in turns.
import { fileURLToPath } from 'node:url'
import { GREEDY, loadModel, type Model, type Sampling, sampling } from '@aria/engine'

const BUILT_IN = fileURLToPath(new URL('../../../models/aria-1.gguf', import.meta.url))
const TOKENS = 200
const STEP = 64

interface Transcript {
  prompt: Uint32Array
  settings: Sampling
}

const STORY = 'Tell me a story about a fox and a lantern.'
const CODE = `function total(prices) {
  let sum = 0
  for (const price of prices) sum = sum + price
  return sum
}
function average(prices) {
  if (prices.length === 0) return 0
  return total(prices) / prices.length
}
`

async function decode(model: Model, { prompt, settings }: Transcript) {
  const session = model.createSession()
  try {
    await session.prefill(prompt)
    const cpu = process.cpuUsage()
    const tokens: number[] = []
    while (tokens.length < TOKENS) {
      const made = await session.decode(Math.min(STEP, TOKENS - tokens.length), settings, 0n)
      if (made.length === 0) break
      tokens.push(...made)
    }
    const { user, system } = process.cpuUsage(cpu)
    return { tokens, cpuSeconds: (user + system) / 1e6 }
  } finally {
    await session.close()
  }
}

/** The model says again what it said: as near as it comes to a summary that quotes. */
async function summarising(model: Model): Promise<Transcript> {
  const question = { role: 'user' as const, content: STORY }
  const prompt = await model.tokenizer.encodeChat([question])
  const { tokens } = await decode(model, { prompt, settings: GREEDY })
  const stops = new Set(model.tokenizer.stopTokens)
  const content = model.tokenizer.decode(Uint32Array.from(tokens.filter(token => !stops.has(token))))
  const chat = [question, { role: 'assistant' as const, content }, question]
  return { prompt: await model.tokenizer.encodeChat(chat), settings: GREEDY }
}

/** It never saw code, so a grammar of one text says what it answers: the same code with one function renamed. */
async function editing(model: Model): Promise<Transcript> {
  const edited = CODE.replaceAll('total', 'sumOf')
  const content = `Rename total to sumOf:\n${CODE}`
  return {
    prompt: await model.tokenizer.encodeChat([{ role: 'user', content }]),
    settings: sampling({ temperature: 0, grammar: `root ::= ${JSON.stringify(edited)}` }),
  }
}

/** Tokens per CPU-second with drafts over those without, one thread, the best of the rounds of each. */
export async function speculationGains(
  rounds: number,
  log: (text: string) => void,
): Promise<Map<'summarising' | 'editing', number>> {
  const off = await loadModel(BUILT_IN, { threads: 1, speculation: 'off' })
  const on = await loadModel(BUILT_IN, { threads: 1, speculation: 'on' })
  const gains = new Map<'summarising' | 'editing', number>()
  try {
    for (const [name, make] of [
      ['summarising', summarising],
      ['editing', editing],
    ] as const) {
      const transcript = await make(off)
      let [with_, without] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      for (let round = 0; round < rounds; round++) {
        const plain = await decode(off, transcript)
        const drafted = await decode(on, transcript)
        if (plain.tokens.join() !== drafted.tokens.join())
          throw new Error(`Drafts changed the answer: ${name}.`)
        without = Math.min(without, plain.cpuSeconds)
        with_ = Math.min(with_, drafted.cpuSeconds)
      }
      gains.set(name, without / with_)
      const { drafted, draftsKept } = on.stats()
      log(
        `speculation, ${name}: ${(without / with_).toFixed(2)}x, ${draftsKept} of ${drafted} drafts kept so far`,
      )
    }
  } finally {
    await Promise.all([on.close(), off.close()])
  }
  return gains
}
