// npm run scale [-- --json] [--seconds <n>] [--providers <n>]: does adding a provider add capacity?
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadTokenizer } from '@aria/engine'
import { startMarket } from '../bench/market/market.ts'
import type { Worker } from '../bench/market/workers.ts'
import { atLeast, type Check, measured, report } from '../checks.ts'
import { holdTo, prefer, type Share, shareOf } from './share.ts'

const HELP = `npm run scale [-- options]
  Providers of equal size join one after the other; each is held to a fixed share of a core
  --json               print one JSON object {ok, checks, machine, commit}
  --seconds <count>    counted for each size of the market (default: 20)
  --providers <count>  up to 8 (default: 8)
`
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const SIZES = [1, 2, 4, 8] as const
const LINEAR_MIN = 0.9
/** Enough under way that no provider runs dry between two requests. */
const STREAMS_PER_PROVIDER = 4
const BUYERS = 4
/** Before a provider is held: compiling its code would take a small share longer than the whole count. */
const WARM_SECONDS = 8
/** From the limit to the count: its queue and its pace have to fit the limit. */
const SETTLE_SECONDS = 4
const PROMPT_TOKENS = 16
const OUTPUT_TOKENS = 64
const OFFERS_WAIT_MS = 60_000

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    providers: { type: 'string', default: '8' },
    help: { type: 'boolean', default: false },
  },
})
const log = (text: string): void => void process.stderr.write(`  ${text}\n`)

interface Flowed {
  tokens: number
  requests: number
  refused: number
}

interface Counted extends Flowed {
  /** CPU time that the providers used, of what their shares allow: how busy they were, and were able to be. */
  given: number
  /** Cores that all buyers together used: near 1 they, not the providers, are the limit. */
  buyersShare: number
}

function number(name: 'seconds' | 'providers', most: number): number {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`--${name} is "${values[name]}"; expected a whole number from 1 to ${most}.`)
}

async function main(): Promise<void> {
  const [seconds, most] = [number('seconds', 600), number('providers', 8)]
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.abort(new Error('Interrupted.')))
  const modelPath = join(ROOT, 'models', 'aria-1.gguf')
  const { info } = await loadTokenizer(modelPath)
  const market = await startMarket({
    ...{ modelPath, providers: most, started: 1, buyers: BUYERS, providerCores: undefined },
    providerEnv: { ARIA_THREADS: '1', ARIA_SLOTS: '16', ARIA_CACHE_MB: '256' },
    ...{ log, signal: stopping.signal },
  })
  const shares: Share[] = []
  try {
    const share = shareOf(most)
    const buyers = await market.buyers()
    const preferred = prefer(buyers.pid)
    if (preferred !== undefined) shares.push(preferred)
    const flow = (size: number, forSeconds: number, warmSeconds: number) =>
      Promise.race([
        buyers.ask<Flowed>('flow', {
          ...{ streams: size * STREAMS_PER_PROVIDER, seconds: forSeconds, warmSeconds },
          ...{ promptTokens: PROMPT_TOKENS, outputTokens: OUTPUT_TOKENS, vocabulary: info.vocabSize },
        }),
        aborted(stopping.signal),
      ])
    log(`each provider: ${(share * 100).toFixed(1)} % of a core`)
    const counts = new Map<number, Counted>()
    for (const size of SIZES.filter(each => each <= most)) {
      const joining = size - shares.filter(each => each !== preferred).length
      while (market.providers.length < size) await market.addProvider()
      await heard(buyers, size, stopping.signal)
      await flow(size, WARM_SECONDS, 0)
      for (const { pid } of market.providers.slice(size - joining))
        shares.push(holdTo(pid, share, () => cpuMs(pid)))
      const used = () => market.providers.reduce((sum, { pid }) => sum + cpuMs(pid), 0)
      const [fromMs, usedMs, buyersMs] = [performance.now(), used(), cpuMs(buyers.pid)]
      const counted = await flow(size, seconds, SETTLE_SECONDS)
      const passedMs = performance.now() - fromMs
      const given = (used() - usedMs) / (passedMs * share * size)
      const buyersShare = (cpuMs(buyers.pid) - buyersMs) / passedMs
      counts.set(size, { ...counted, given, buyersShare })
      log(
        `${size}: ${(counted.tokens / seconds).toFixed(1)} tokens/s, ${(counted.requests / seconds).toFixed(2)} requests/s, ${(given * 100).toFixed(0)} % of the shares used`,
      )
    }
    print(checks(counts, seconds, share))
  } finally {
    for (const each of shares.filter(({ how }) => how === 'signals')) each.release()
    await market.stop()
    for (const each of shares) each.release()
  }
}

function checks(counts: ReadonlyMap<number, Counted>, seconds: number, share: number): Check[] {
  const one = counts.get(1)!
  const linear = (what: 'tokens' | 'requests', size: number) => counts.get(size)![what] / (one[what] * size)
  const sizes = [...counts.keys()]
  return [
    ...sizes
      .filter(size => size > 1)
      .flatMap(size => [
        atLeast(`scale.tokens.${size}`, linear('tokens', size), LINEAR_MIN, 'of linear'),
        atLeast(`scale.requests.${size}`, linear('requests', size), LINEAR_MIN, 'of linear'),
      ]),
    ...sizes.flatMap(size => [
      measured(`scale.tokens_per_s.${size}`, counts.get(size)!.tokens / seconds, 'tokens/s'),
      measured(`scale.requests_per_s.${size}`, counts.get(size)!.requests / seconds, 'requests/s'),
      measured(`scale.share_used.${size}`, counts.get(size)!.given, 'of the shares'),
      measured(`scale.buyers_cpu.${size}`, counts.get(size)!.buyersShare, 'cores'),
      measured(`scale.refused.${size}`, counts.get(size)!.refused, 'requests'),
    ]),
    measured('scale.share', share, 'of a core for each provider'),
  ]
}

function print(all: Check[]): void {
  const answer = report(all)
  if (values.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  else
    for (const { name, value, unit, goal, ok } of answer.checks)
      process.stdout.write(
        `${ok ? ' ok ' : 'MISS'}  ${name}  ${value} ${unit}${goal === null ? '' : `  (goal ${goal})`}\n`,
      )
  process.exitCode = answer.ok ? 0 : 1
}

/** Waits until every buyer knows every provider. */
async function heard(buyers: Worker, size: number, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(OFFERS_WAIT_MS)])
  while ((await buyers.ask<number>('offers')) < size) {
    limit.throwIfAborted()
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

const CLOCK_TICKS_PER_SECOND = 100

/** CPU milliseconds that a process has used (Linux). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

if (values.help) process.stdout.write(HELP)
else
  await main().catch(thrown => {
    log(thrown instanceof Error ? thrown.message : String(thrown))
    process.exitCode = 1
  })
