import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import type { ChatMessage, Model } from '@aria/engine'
import { AriaError } from '@aria/sdk/protocol'
import { Command, InvalidArgumentError, Option } from 'commander'
import { answerLocally, type LocalAnswer } from '../inference/local-answer.ts'
import { decimal, MODEL_DEFAULT, whole } from './options.ts'
import { printJson } from './output.ts'
import { loadWithProgress } from './progress.ts'
import { stopSignal } from './until-stopped.ts'

const MAX_TOKENS_DEFAULT = 256
const STDIN_BYTES_MAX = 16 * 1024 * 1024

interface RunOptions {
  model: string
  system?: string
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
    .argument('[prompt]', 'what to ask (default: what is piped in; on a terminal, a chat)')
    .option('--system <text>', 'instructions before the chat')
    .option('-m, --model <file>', 'GGUF file (default: the built-in model)', MODEL_DEFAULT)
    .option('--temperature <number>', '0 is greedy, at most 2', decimal(0, 2), 0.7)
    .option('--top-k <count>', 'sample among the k likeliest tokens, 0 for all', whole(0, 1000), 40)
    .option('--top-p <share>', 'sample within this probability mass', decimal(0.0001, 1), 0.95)
    .addOption(
      new Option('--seed <number>', 'same seed, same answer')
        .argParser(seedFrom)
        .default(randomSeed(), 'random'), // described: help cannot print a bigint
    )
    .option('--max-tokens <count>', 'longest answer', whole(1, 65_536), MAX_TOKENS_DEFAULT)
    .option('--threads <count>', 'threads to use (default: all cores)', whole(1, 256))
    .option('--json', 'print one JSON object instead of text')
    .action((prompt: string | undefined, options: RunOptions) => run(prompt, options))
}

async function run(prompt: string | undefined, options: RunOptions): Promise<void> {
  const isChat = prompt === undefined && process.stdin.isTTY === true && !options.json
  const question = isChat ? '' : (prompt ?? (await readStdin()))
  if (!isChat && question.trim() === '')
    throw new AriaError('bad_request', 'There is no prompt.', { hint: 'Try: aria run "Tell me a story."' })
  const signal = stopSignal()
  const model = await loadWithProgress(options.model, { ...threadsOf(options), signal })
  try {
    if (isChat) await chat(model, options, signal)
    else report(await answer(model, [...opening(options), user(question)], options, signal), options, model)
  } finally {
    await model.close()
  }
}

const threadsOf = ({ threads }: RunOptions) => (threads === undefined ? {} : { threads })
const user = (content: string): ChatMessage => ({ role: 'user', content })
const opening = ({ system }: RunOptions): ChatMessage[] =>
  system === undefined ? [] : [{ role: 'system', content: system }]

/** @throws AriaError `prompt_too_long` beyond 16 MiB. */
async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > STDIN_BYTES_MAX)
      throw new AriaError('prompt_too_long', `More than ${STDIN_BYTES_MAX} bytes were piped in.`, {
        hint: 'Shorten the prompt.',
      })
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  return text
}

function answer(
  model: Model,
  messages: readonly ChatMessage[],
  { temperature, topK, topP, maxTokens, seed, json }: RunOptions,
  signal: AbortSignal,
): Promise<LocalAnswer> {
  return answerLocally(model, {
    ...{ messages, maxTokens, seed, signal },
    sampling: { temperature: Math.round(temperature * 1000), topK, topP: Math.round(topP * 10_000) },
    print: json ? () => {} : text => process.stdout.write(text),
  })
}

/** Several turns on a terminal; what no longer fits into the context is forgotten, the oldest turn first. */
async function chat(model: Model, options: RunOptions, signal: AbortSignal): Promise<void> {
  const { name, contextLength } = model.info
  process.stderr.write(`${name}, context ${contextLength} tokens. An empty line or Ctrl-D ends the chat.\n`)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  let turns: ChatMessage[] = []
  try {
    while (!signal.aborted) {
      const line = await question(terminal, signal)
      if (line === '') break
      turns.push(user(line))
      turns = await recent(model, opening(options), turns, options.maxTokens, signal)
      const said = await answer(model, [...opening(options), ...turns], options, signal)
      report(said, options, model)
      turns.push({ role: 'assistant', content: said.text })
    }
  } finally {
    terminal.close()
  }
}

/** The line, trimmed; empty when the input ends. */
async function question(terminal: ReturnType<typeof createInterface>, signal: AbortSignal): Promise<string> {
  const ended = Promise.withResolvers<string>()
  const onClose = () => ended.resolve('')
  terminal.once('close', onClose)
  try {
    return (await Promise.race([terminal.question('\n> ', { signal }), ended.promise])).trim()
  } catch {
    return '' // stopped while waiting
  } finally {
    terminal.off('close', onClose)
  }
}

async function recent(
  { tokenizer, info }: Model,
  before: readonly ChatMessage[],
  turns: ChatMessage[],
  maxTokens: number,
  signal: AbortSignal,
): Promise<ChatMessage[]> {
  const room = info.contextLength - Math.min(maxTokens, Math.floor(info.contextLength / 2))
  const length = async (kept: ChatMessage[]): Promise<number> =>
    (await tokenizer.encodeChatAsync([...before, ...kept], { signal })).length
  let kept = turns
  while (kept.length > 1 && (await length(kept)) > room) kept = kept.slice(2)
  return kept
}

function report(answer: LocalAnswer, { json, model, seed }: RunOptions, { info }: Model): void {
  if (json) {
    printJson({ model, seed, ...answer })
    return
  }
  const speed = `${answer.outputTokens} tokens, ${answer.tokensPerSecond} tokens/s`
  const first = `first token after ${answer.firstTokenMs} ms`
  process.stdout.write('\n')
  if (answer.finish === 'length')
    process.stderr.write('The answer is cut off here; --max-tokens lets it go on.\n')
  process.stderr.write(`${speed}, ${first} (${info.kernels}, ${info.threads} threads, seed ${seed})\n`)
}

function seedFrom(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text)
  throw new InvalidArgumentError('Give a whole number below 2^64.')
}

function randomSeed(): bigint {
  return randomBytes(8).readBigUInt64BE()
}
