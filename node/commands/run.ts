import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { loadModel, type Model, type Sampling, type Session } from '@aria/engine'
import { AriaError } from '@aria/sdk/protocol'
import { Command, InvalidArgumentError } from 'commander'
import { printJson } from './output.ts'

const MODEL_DEFAULT = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
/** Tokens per decode call: few, so that text flows and Ctrl-C is quick. */
const STEP_TOKENS = 4
const MAX_TOKENS_DEFAULT = 256

interface RunOptions {
  model: string
  temperature: number
  topK: number
  topP: number
  seed: bigint
  maxTokens: number
  threads?: number
  json?: boolean
}

interface Answer {
  text: string
  promptTokens: number
  outputTokens: number
  finish: 'stop' | 'length' | 'cancelled'
  seed: string
  firstTokenMs: number
  tokensPerSecond: number
}

export function runCommand(): Command {
  return new Command('run')
    .description('Answer a prompt on this machine, without any network')
    .argument('<prompt>', 'what to ask')
    .option('-m, --model <file>', 'GGUF file (default: the built-in model)', MODEL_DEFAULT)
    .option('--temperature <number>', '0 is greedy, at most 2', decimal(0, 2), 0.7)
    .option('--top-k <count>', 'sample among the k likeliest tokens, 0 for all', whole(0, 1000), 40)
    .option('--top-p <share>', 'sample within this probability mass', decimal(0.0001, 1), 0.95)
    .option('--seed <number>', 'same seed, same answer (default: random)', seed, randomSeed())
    .option('--max-tokens <count>', 'longest answer', whole(1, 65_536), MAX_TOKENS_DEFAULT)
    .option('--threads <count>', 'threads to use (default: all cores)', whole(1, 256))
    .option('--json', 'print one JSON object instead of text')
    .action((prompt: string, options: RunOptions) => run(prompt, options))
}

async function run(prompt: string, options: RunOptions): Promise<void> {
  const model = await loadModel(
    options.model,
    options.threads === undefined ? {} : { threads: options.threads },
  )
  const stop = new AbortController()
  const onStop = () => stop.abort()
  process.once('SIGINT', onStop)
  process.once('SIGTERM', onStop)
  try {
    const print = options.json ? () => {} : (text: string) => process.stdout.write(text)
    const answer = await generate(model, prompt, options, stop.signal, print)
    report(answer, options, model)
  } finally {
    process.off('SIGINT', onStop)
    process.off('SIGTERM', onStop)
    await model.close()
  }
}

async function generate(
  model: Model,
  prompt: string,
  options: RunOptions,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<Answer> {
  const tokens = model.tokenizer.encodeChat([{ role: 'user', content: prompt }])
  const { contextLength } = model.info
  if (tokens.length >= contextLength) {
    throw new AriaError(
      'prompt_too_long',
      `The prompt has ${tokens.length} tokens, the model takes ${contextLength}.`,
      {
        hint: 'Shorten the prompt.',
      },
    )
  }
  const limit = Math.min(options.maxTokens, contextLength - tokens.length)
  const session = model.createSession({ maxTokens: tokens.length + limit })
  const startedMs = performance.now()
  try {
    await session.prefill(tokens, { signal })
    return {
      promptTokens: tokens.length,
      ...(await decode(model, session, { options, limit, signal, print, startedMs })),
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown
    return { ...nothing(options), promptTokens: tokens.length }
  } finally {
    await session.close()
  }
}

interface Decoding {
  options: RunOptions
  limit: number
  signal: AbortSignal
  print: (text: string) => void
  startedMs: number
}

async function decode(
  { tokenizer }: Model,
  session: Session,
  { options, limit, signal, print, startedMs }: Decoding,
): Promise<Omit<Answer, 'promptTokens'>> {
  const decoder = tokenizer.decoder()
  const stops = new Set(tokenizer.stopTokens)
  const pieces: string[] = []
  const take = (text: string) => {
    pieces.push(text)
    print(text)
  }
  let made = 0
  let firstMs = 0
  let isStopped = false
  while (made < limit && !isStopped && !signal.aborted) {
    const count = Math.min(made === 0 ? 1 : STEP_TOKENS, limit - made)
    const tokens = await session.decode(count, samplingOf(options), options.seed)
    if (made === 0) firstMs = performance.now() - startedMs
    made += tokens.length
    isStopped = tokens.length === 0 || stops.has(tokens.at(-1)!)
    take(decoder.push(tokens.filter(token => !stops.has(token))))
  }
  take(decoder.end())
  const decodeSeconds = (performance.now() - startedMs - firstMs) / 1000
  return {
    text: pieces.join(''),
    outputTokens: made,
    finish: isStopped ? 'stop' : signal.aborted ? 'cancelled' : 'length',
    seed: options.seed.toString(),
    firstTokenMs: Math.round(firstMs),
    tokensPerSecond: made > 1 ? Number(((made - 1) / decodeSeconds).toFixed(1)) : 0,
  }
}

function nothing({ seed: used }: RunOptions): Omit<Answer, 'promptTokens'> {
  return {
    text: '',
    outputTokens: 0,
    finish: 'cancelled',
    seed: `${used}`,
    firstTokenMs: 0,
    tokensPerSecond: 0,
  }
}

function samplingOf({ temperature, topK, topP }: RunOptions): Sampling {
  return { temperature: Math.round(temperature * 1000), topK, topP: Math.round(topP * 10_000) }
}

function report(answer: Answer, { json, model }: RunOptions, { info }: Model): void {
  if (json) {
    printJson({ model, ...answer })
    return
  }
  const speed = `${answer.outputTokens} tokens, ${answer.tokensPerSecond} tokens/s`
  const first = `first token after ${answer.firstTokenMs} ms`
  process.stderr.write(
    `\n${speed}, ${first} (${info.kernels}, ${info.threads} threads, seed ${answer.seed})\n`,
  )
}

function decimal(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() !== '' && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
  }
}

function whole(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

function seed(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text)
  throw new InvalidArgumentError('Give a whole number below 2^64.')
}

function randomSeed(): bigint {
  return randomBytes(8).readBigUInt64BE()
}
