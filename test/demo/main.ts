import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { AuditView, NetworkView, ProviderSummary } from '@aria/indexer/api'
import { ARIA, toAriaError } from '@aria/sdk/protocol'
import OpenAI from 'openai'
import { localnetConfig } from '../../scripts/localnet/config.ts'
import { type Localnet, PROVIDERS, startLocalnet } from '../../scripts/localnet/localnet.ts'
import { portsFrom } from '../../scripts/localnet/ports.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { askMany, type Measured } from './requests.ts'
import { summarise } from './summary.ts'

const HELP = `
  npm run demo -- [options]   A whole market in a temporary directory: 3 honest providers, 1 that tampers

  --json             One JSON object on stdout (progress on stderr)
  --requests N       Paid streamed requests (default 24, at least 20)
  --port-base N      First of the ports used (default 5600)
  --keep             Keep the directory with the logs
`
const HERE = dirname(fileURLToPath(import.meta.url))
const PARALLEL = 8
/** The tamperer must have served some answers before its epoch closes; more requests are sent until it has. */
const TAMPERED_MIN = 2
const REQUESTS_EXTRA_MAX = 40
const POLL_MS = 1_000
const EPOCHS_WAIT_MAX = 5

const say = (text: string) => process.stderr.write(`  ${text}\n`)

async function get<T>(localnet: Localnet, path: string): Promise<T> {
  const response = await fetch(`${localnet.dashboardUrl}${path}`)
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

/** Polls until `done` holds; the limit is chain time, so a slow machine only takes longer. */
async function until<T>(
  localnet: Localnet,
  what: string,
  read: () => Promise<T>,
  done: (value: T) => boolean,
): Promise<T> {
  const { params } = localnet.deployment
  const deadline = Date.now() + params.epochSeconds * EPOCHS_WAIT_MAX * 1000
  say(`… ${what}`)
  for (;;) {
    const value = await read()
    if (done(value)) return value
    if (Date.now() > deadline)
      throw new Error(
        `Gave up after ${EPOCHS_WAIT_MAX} epochs waiting: ${what}. Last seen: ${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v)).slice(0, 2000)}`,
      )
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

export interface DemoResult {
  measured: Measured[]
  ledger: Ledger
  providers: ProviderSummary[]
  audits: AuditView[]
  names: Map<string, string>
  tamperer: string
}

async function scenario(localnet: Localnet, requests: number): Promise<DemoResult> {
  const names = new Map(
    localnet.providers.map(({ spec, operator }) => [operator.address as string, spec.name]),
  )
  const tamperer = localnet.providers.find(({ spec }) => spec.script !== undefined)!.operator.address
  const api = new OpenAI({ baseURL: localnet.apiUrl, apiKey: 'unused', maxRetries: 0 })
  const model = (await api.models.list()).data[0]!.id

  // Stakes count from the epoch after they were made; audits need their verifiers active.
  const { epoch } = await until(
    localnet,
    'the first full epoch begins',
    () => get<NetworkView>(localnet, '/api/network'),
    view => view.epoch.number >= 1,
  )
  await until(
    localnet,
    'all providers are heard',
    () => get<ProviderSummary[]>(localnet, '/api/providers'),
    list => list.filter(({ online }) => online).length === names.size,
  )

  say(`… ${requests} paid, streamed requests in epoch ${epoch.number}`)
  const measured = await askMany(api, model, 0, requests, PARALLEL)
  const tampered = () => measured.filter(one => one.operator === tamperer).length
  while (tampered() < TAMPERED_MIN && measured.length < requests + REQUESTS_EXTRA_MAX) {
    measured.push(...(await askMany(api, model, measured.length, measured.length + PARALLEL, PARALLEL)))
  }

  const spent = measured.reduce((sum, { cost }) => sum + cost, 0n)
  await until(
    localnet,
    'vouchers are redeemed on chain',
    () => readLedger(localnet.rpcUrl, localnet.deployment),
    ledger => ledger.redemptions.reduce((sum, { amount }) => sum + amount, 0n) >= spent,
  )
  await until(
    localnet,
    'the epoch closes, auditors re-execute and report',
    () => get<ProviderSummary[]>(localnet, '/api/providers'),
    list => list.every(({ score }) => score !== null),
  )
  const honest = [...names.keys()].filter(operator => operator !== tamperer)
  const ledger = await until(
    localnet,
    'rewards are released and claimed',
    () => readLedger(localnet.rpcUrl, localnet.deployment),
    ({ rewards }) =>
      honest.every(operator => rewards.some(reward => reward.operator.toLowerCase() === operator)),
  )
  const providers = await get<ProviderSummary[]>(localnet, '/api/providers')
  const audits = await get<AuditView[]>(localnet, '/api/audits?limit=100')
  return { measured, ledger, providers, audits, names, tamperer }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      requests: { type: 'string', default: '24' },
      'port-base': { type: 'string', default: '5600' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${HELP}\n`)
    return 0
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'aria-demo-'))
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort())
  let localnet: Localnet | undefined
  try {
    localnet = await startLocalnet({
      dataDir,
      fresh: false,
      ports: portsFrom(values['port-base']),
      providers: [
        ...PROVIDERS,
        // Cheapest, so that clients are tempted; staked like the others.
        {
          name: 'tamper',
          priceIn: '0.40',
          priceOut: '1.60',
          slots: 4,
          stake: 1_000n * ARIA,
          script: join(HERE, 'tamperer.ts'),
        },
      ],
      env: localnetConfig(),
      signal: interrupt.signal,
      onStep: text => say(`✓ ${text}`),
    })
    const aborted = new Promise<never>((_, reject) =>
      interrupt.signal.addEventListener('abort', () => reject(new Error('Interrupted.'))),
    )
    const crashed = localnet.failed.then(text => Promise.reject(new Error(text)))
    const result = await Promise.race([
      scenario(localnet, Math.max(20, Number(values.requests))),
      aborted,
      crashed,
    ])
    const { report, table } = summarise(result)
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : table)
    return report.ok ? 0 : 1
  } catch (thrown) {
    const error = toAriaError(thrown)
    say(`✗ ${error.message}${error.hint ? `\n    ${error.hint}` : ''}`)
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ ok: false, error: { code: error.code, message: error.message } })}\n`,
      )
    return 1
  } finally {
    await localnet?.stop()
    if (values.keep) say(`Logs: ${join(dataDir, 'logs')}`)
    else rmSync(dataDir, { recursive: true, force: true })
  }
}

process.exit(await main())
