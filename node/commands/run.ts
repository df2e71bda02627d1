import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { loadModel, type Model } from '@aria/engine'
import { Command, InvalidArgumentError } from 'commander'
import { answerLocally, type LocalAnswer } from '../inference/local-answer.ts'
import { printJson } from './output.ts'
import { stopSignal } from './until-stopped.ts'

const MODEL_DEFAULT = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
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

export function runCommand(): Command {
  return new Command('run')
    .description('Answer a prompt on this machine, without any network')
    .argument('<prompt>', 'what to ask')
    .option('-m, --model <file>', 'GGUF file (default: the built-in model)', MODEL_DEFAULT)
    .option('--temperature <number>', '0 is greedy, at most 2', decimal(0, 2), 0.7)
    .option('--top-k <count>', 'sample among the k likeliest tokens, 0 for all', whole(0, 1000), 40)
    .option('--top-p <share>', 'sample within this probability mass', decimal(0.0001, 1), 0.95)
    .option('--seed <number>', 'same seed, same answer (default: random)', seedFrom, randomSeed())
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
  try {
    const { temperature, topK, topP, maxTokens, seed } = options
    const answer = await answerLocally(model, {
      ...{ prompt, maxTokens, seed, signal: stopSignal() },
      sampling: { temperature: Math.round(temperature * 1000), topK, topP: Math.round(topP * 10_000) },
      print: options.json ? () => {} : text => process.stdout.write(text),
    })
    report(answer, options, model)
  } finally {
    await model.close()
  }
}

function report(answer: LocalAnswer, { json, model, seed }: RunOptions, { info }: Model): void {
  if (json) {
    printJson({ model, seed, ...answer })
    return
  }
  const speed = `${answer.outputTokens} tokens, ${answer.tokensPerSecond} tokens/s`
  const first = `first token after ${answer.firstTokenMs} ms`
  process.stdout.write('\n')
  process.stderr.write(`${speed}, ${first} (${info.kernels}, ${info.threads} threads, seed ${seed})\n`)
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

function seedFrom(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text)
  throw new InvalidArgumentError('Give a whole number below 2^64.')
}

function randomSeed(): bigint {
  return randomBytes(8).readBigUInt64BE()
}
