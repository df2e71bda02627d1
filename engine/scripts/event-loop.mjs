// How long the engine holds up Node's event loop while many sessions work:
//   node scripts/event-loop.mjs [--model FILE.gguf] [--sessions N] [--seconds N] [--json]
// Processor time of the loop's thread in its longest turn, and in the longest call into the engine: what other programs
// take from the thread is not the engine's, and neither are V8's collections of the whole heap, which a turn of any program
// may hold. The longest turns with them, and by the clock, stand beside it.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { atMost, measured, report } from '../../scripts/checks.ts'
import { native } from '../api/native.ts'
import { jsonSchemaGrammar, loadModel, sampling } from '../index.ts'
import { countCollections } from './collections.mjs'

const GOAL_MS = 5
const BUILT_IN = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: BUILT_IN },
    sessions: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
})
const sessionCount = Number(values.sessions)
const endsAfterMs = Number(values.seconds) * 1000

/** Of this thread alone: process.threadCpuUsage() lags by up to a tick of the system's scheduler, which is 4 ms. */
const processorMs = native().threadProcessorMs
const collectedMs = await countCollections()
/** Without V8's collections. */
const workMs = () => processorMs() - collectedMs()

/** The longest turn of the event loop until it is stopped. */
function watch() {
  const longest = { clockMs: 0, processorMs: 0, workMs: 0 }
  let clock = performance.now()
  let processor = processorMs()
  let worked = workMs()
  let running = true
  const turn = () => {
    const now = performance.now()
    const used = processorMs()
    const work = workMs()
    longest.clockMs = Math.max(longest.clockMs, now - clock)
    longest.processorMs = Math.max(longest.processorMs, used - processor)
    longest.workMs = Math.max(longest.workMs, work - worked)
    clock = now
    processor = used
    worked = work
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  return () => {
    running = false
    return longest
  }
}

let longestCallMs = 0
/** The part of a call that runs on the event loop. */
function timed(call) {
  const started = workMs()
  const result = call()
  longestCallMs = Math.max(longestCallMs, workMs() - started)
  return result
}

// Beside the steps: a grammar of its own for every third answer, so that grammars are compiled all the time, and a chat of as
// much text as a large context holds.
const GRAMMARS = Array.from({ length: 32 }, (_, minimum) =>
  jsonSchemaGrammar({ type: 'array', items: { type: 'integer', minimum, maximum: 1000 + minimum } }),
)
const CHAT = [{ role: 'user', content: 'As much text as a large context holds. '.repeat(6000) }]

async function client(model, index, until) {
  await sleep(index) // clients arrive one by one: their 64 first calls are not one turn of anybody's program
  while (performance.now() < until) {
    const session = timed(() => model.createSession({ shareKey: `client ${index % 4}` }))
    const length = Math.min(16 + ((index * 37) % 300), model.info.contextLength - 64)
    const prompt = Uint32Array.from({ length }, (_, i) => (i * 31 + (index % 8)) % model.info.vocabSize)
    await timed(() => session.prefill(prompt))
    await timed(() => session.logits())
    const settings = sampling({ temperature: 1, ...(index % 3 === 0 && { grammar: GRAMMARS[index % 32] }) })
    for (let i = 0; i < 6; i++) await timed(() => session.decode(4, settings, BigInt(index)))
    if (index % 16 === 0) await timed(() => model.tokenizer.encodeChatAsync(CHAT))
    const bytes = await timed(() => session.save())
    const again = await timed(() => model.restoreSession(bytes))
    await timed(() => again.decode(2, settings, 1n))
    await timed(() => session.close())
    await timed(() => again.close())
  }
}

const stopIdle = watch()
await sleep(endsAfterMs / 4)
const idle = stopIdle()

const stopLoading = watch()
const model = await loadModel(values.model)
const loading = stopLoading()
const stopServing = watch()
const until = performance.now() + endsAfterMs
await Promise.all(Array.from({ length: sessionCount }, (_, index) => client(model, index, until)))
await timed(() => model.close())
const serving = stopServing()

const result = report([
  measured('loop.idle_clock_ms', idle.clockMs, 'ms, without the engine'),
  measured('loop.idle_processor_ms', idle.workMs, 'ms, without the engine'),
  measured('loop.loading_clock_ms', loading.clockMs, 'ms'),
  measured('loop.loading_processor_ms', loading.workMs, 'ms, with the tokenizer'),
  measured('loop.serving_clock_ms', serving.clockMs, `ms, ${sessionCount} sessions`),
  measured(
    'loop.serving_with_collections_ms',
    serving.processorMs,
    "ms of the processor, with V8's collections",
  ),
  atMost('loop.serving_processor_ms', serving.workMs, GOAL_MS, "ms, without V8's collections"),
  atMost('loop.longest_call_ms', longestCallMs, GOAL_MS, 'ms'),
])
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const { ok, name, value, unit } of result.checks)
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} ${value} ${unit}\n`)
process.exitCode = result.ok ? 0 : 1
