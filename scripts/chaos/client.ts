// A paying client as a process of its own: asks what the seed says, and writes down everything that it sees.
//   node client.ts SETTINGS_JSON     SIGUSR2: begin nothing new, and say when all is done
import { appendFileSync, readFileSync } from 'node:fs'
import { loadTokenizer } from '@aria/engine'
import { modelManifest } from '@aria/node'
import { InterruptedError, type WholeAnswer } from '@aria/sdk/client'
import { AriaError, type Hex, parseDeployment, toAriaError } from '@aria/sdk/protocol'
import { type RunningClient, startClient } from '../../node/gateway/client.ts'
import { type ClientSettings, chaosClientConfig } from './client-config.ts'
import { nextNumber, type StreamRecord } from './records.ts'
import { ask } from './traffic.ts'

/** Between two requests of one line, so that 20 processes fit on two cores. */
const PAUSE_MS = 250
const MESSAGE_CHARS_MAX = 300

const settings = JSON.parse(process.argv[2]!) as ClientSettings
const { name, seed, lines, recordsFile, modelPath } = settings
const stop = new AbortController()
let isFinishing = false
process.on('SIGUSR2', () => {
  isFinishing = true
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
process.on('disconnect', () => stop.abort())

/** On disk before anything else happens: a kill loses nothing that was seen. */
function write(record: StreamRecord): void {
  const text = JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  appendFileSync(recordsFile, `\n${text}`)
}

const { tokenizer, info } = await loadTokenizer(modelPath)
const { config, extras } = chaosClientConfig(settings, parseDeployment(read(settings.deploymentFile), 'file'))
const { id: modelId } = await modelManifest(modelPath, { cacheDir: config.dataDir })
const running = await startClient(config, extras)
let number = nextNumber(recordsFile)
process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`)
await Promise.all(Array.from({ length: lines }, () => line(running)))
if (!stop.signal.aborted) {
  write({ type: 'drained' })
  await new Promise(resolve => stop.signal.addEventListener('abort', resolve, { once: true }))
}
await running.close()
process.exit(0)

async function line({ client }: RunningClient): Promise<void> {
  while (!isFinishing && !stop.signal.aborted) {
    await one(client, number++)
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
}

async function one(client: RunningClient['client'], number: number): Promise<void> {
  const wanted = ask(seed, name, number)
  const promptTokens = tokenizer.encodeChat([{ role: 'user', content: wanted.content }])
  const left = new AbortController()
  const signal = AbortSignal.any([stop.signal, left.signal])
  write({ type: 'begun', number, inputTokens: promptTokens.length })
  let seen = 0
  try {
    const events = client.infer({
      ...{ modelId, promptTokens, vocabSize: info.vocabSize, stopTokens: tokenizer.stopTokens, signal },
      ...{ maxOutputTokens: wanted.maxOutputTokens, sampling: wanted.sampling, seed: wanted.seed },
    })
    for await (const event of events) {
      if (event.type === 'tokens') {
        seen += event.tokens.length
        write({ type: 'tokens', number, tokens: [...event.tokens] })
        if (wanted.cancelAfterTokens > 0 && seen >= wanted.cancelAfterTokens)
          left.abort(new AriaError('cancelled', 'The caller broke off.'))
      } else if (event.type === 'rewound') {
        seen = event.outputTokens
        write({ type: 'rewound', number, outputTokens: seen })
      } else if (event.type === 'accepted' || event.type === 'continued') {
        const { channel, offer, terms } = event.order
        write({ type: event.type, number, channel, node: offer.node, terms, attempt: event.attempt })
      } else if (event.type === 'receipt' || event.type === 'ended') {
        write({
          type: 'finished',
          number,
          pieces: piecesOf(event.answer),
          hasReceipt: event.type === 'receipt',
        })
      }
    }
  } catch (thrown) {
    const error = toAriaError(thrown)
    const isTyped = thrown instanceof AriaError && error.code !== 'internal'
    const pieces = thrown instanceof InterruptedError ? piecesOf(thrown.partial) : []
    const attempts = [error.facts['attempts'] ?? []].flat().length
    const message = error.message.slice(0, MESSAGE_CHARS_MAX)
    write({ type: 'failed', number, code: error.code, isTyped, pieces, attempts, message })
  }
}

function piecesOf({ pieces }: WholeAnswer): { channel: Hex; outputTokens: number }[] {
  return pieces.map(({ order, outputTokens }) => ({ channel: order.channel, outputTokens }))
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
