// npm run bench:market [-- --json] [--rounds <n>] [--streams <n>] [--profile <folder>]
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { report } from '../../checks.ts'
import { writeShape } from '../engine/shapes.ts'
import { goals } from './goals.ts'
import { startMarket } from './market.ts'
import { type Host, measure, PARTS, type Part } from './measure.ts'
import { pinSelf, splitCores, startWorker } from './workers.ts'

const HELP = `npm run bench:market [-- options]
  The engine alone beside the same engine behind network, payment and receipts, in turn, in the same run
  --json             print one JSON object {ok, checks, machine, commit}
  --rounds <count>   pairs of rounds; the best of each side counts (default: 5)
  --streams <count>  streams open at once on one provider (default: 256)
  --only <parts>     ttft, kept, payment, crowd; comma separated (default: all)
  --profile <folder> also write CPU profiles of provider and buyers (Chrome's format)
`
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
/** 256 answers of two pages each, and some room. */
const CACHE_MB = 5_400
const STREAMS_PER_BUYER = 8
const SLOTS_MAX = 256

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    streams: { type: 'string', default: '256' },
    only: { type: 'string', default: PARTS.join(',') },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const log = (text: string): void => void process.stderr.write(`  ${text}\n`)

function number(name: 'rounds' | 'streams', most: number): number {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`--${name} is "${values[name]}"; expected a whole number from 1 to ${most}.`)
}

function parts(): Set<Part> {
  return new Set(
    values.only.split(',').map(name => {
      const part = PARTS.find(known => known === name)
      if (part === undefined) throw new Error(`--only has "${name}"; known are ${PARTS.join(', ')}.`)
      return part
    }),
  )
}

async function main(): Promise<void> {
  const [rounds, streams] = [number('rounds', 100), number('streams', SLOTS_MAX)]
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.abort(new Error('Interrupted.')))
  const cores = splitCores()
  pinSelf(cores.others)
  const modelPath = writeShape('bitnet-0.7b', join(ROOT, '.cache', 'bench'))
  const market = await startMarket({
    ...{ modelPath, providers: 1, buyers: Math.max(2, Math.ceil(streams / STREAMS_PER_BUYER)) },
    providerCores: cores.seller,
    providerEnv: { ARIA_THREADS: '1', ARIA_SLOTS: String(SLOTS_MAX), ARIA_CACHE_MB: String(CACHE_MB) },
    ...{ log, signal: stopping.signal },
  })
  const bare = startWorker({
    name: 'bare engine',
    args: [join(ROOT, 'scripts', 'bench', 'market', 'bare.ts'), modelPath, '1', String(CACHE_MB * 2 ** 20)],
    cores: cores.seller,
    logFile: join(market.dir, 'logs', 'bare.log'),
  })
  try {
    await bare.ready
    const host: Host = { bare, provider: market.providers[0]!, buyers: await market.buyers() }
    const interrupted = new Promise<never>((_, reject) =>
      stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason)),
    )
    const results = await Promise.race([measure(host, { rounds, streams, parts: parts(), log }), interrupted])
    if (values.profile !== undefined) {
      mkdirSync(values.profile, { recursive: true })
      for (const [name, profile] of Object.entries(results.profiles ?? {}))
        writeFileSync(join(values.profile, `${name}.cpuprofile`), JSON.stringify(profile))
    }
    const answer = report(goals(results, { streams, isPinned: cores.seller !== undefined }))
    if (values.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
    else
      for (const { name, value, unit, goal, ok } of answer.checks)
        process.stdout.write(
          `${ok ? ' ok ' : 'MISS'}  ${name}  ${value} ${unit}${goal === null ? '' : `  (goal ${goal})`}\n`,
        )
    process.exitCode = answer.ok ? 0 : 1
  } finally {
    await bare.stop()
    await market.stop()
  }
}

if (values.help) process.stdout.write(HELP)
else
  await main().catch(thrown => {
    log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
    process.exitCode = 1
  })
