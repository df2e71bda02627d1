// Alternates rounds of the bare engine with rounds through the market.
import type { Profiler } from 'node:inspector/promises'
import { percentile } from '../../checks.ts'
import { type Shares, shares } from './payment.ts'
import type { Usage } from './probe.ts'
import type { Measured, Round } from './round.ts'
import type { Worker } from './workers.ts'

export interface Host {
  bare: Worker
  provider: Worker
  buyers: Worker
}

/** Best rounds of both sides at a number of streams. */
export interface Pair {
  bareTokensPerSecond: number
  marketTokensPerSecond: number
  /** CPU milliseconds per token: of the bare engine's process, and of the whole provider. */
  bareCpuMs: number
  providerCpuMs: number
  buyersCpuMs: number
}

export const PARTS = ['ttft', 'kept', 'payment', 'crowd'] as const
export type Part = (typeof PARTS)[number]

/** Parts that were not asked for are absent. */
export interface Results {
  kernels: string
  pairs: Map<number, Pair>
  ttft?: { bareMs: number; marketMs: number; addedMs: number }
  payment?: { cpuShare: number; provider: Shares; buyers: Shares; tokensCpuMs: number; paymentCpuMs: number }
  crowd?: {
    openMax: number
    growthBytes: number
    ownBytes: number
    pageBytes: number
    tokensPerSecond: number
  }
  profiles?: { provider: Profiler.Profile; buyers: Profiler.Profile }
}

export interface MeasureInit {
  rounds: number
  streams: number
  parts: ReadonlySet<Part>
  log(text: string): void
}

const PROMPT = 64
const OUTPUT = 192
const TTFT_PAIRS = 21
const TTFT_PROMPT = 16
/** Prompt and answer of one stream of the crowd fill two pages of the cache. */
const CROWD_PROMPT = 32
const CROWD_OUTPUT = 64
const CROWD_ROUNDS_WARM = 2
const CROWD_ROUNDS = 3

export async function measure(host: Host, { rounds, streams, parts, log }: MeasureInit): Promise<Results> {
  const info = await host.bare.ask<{ kernels: string; vocabulary: number; pageBytes: number }>('info')
  let seed = 0
  const round = (count: number, promptTokens: number, outputTokens: number): Round => ({
    ...{ streams: count, promptTokens, outputTokens, vocabulary: info.vocabulary },
    seed: ++seed,
  })

  log('warming up: deposits, first contact')
  await host.buyers.ask('run', round(16, 16, 24))
  await host.buyers.ask('run', round(16, 16, 24))
  await host.bare.ask('run', round(16, 16, 24))

  const results: Results = { kernels: info.kernels, pairs: new Map() }
  if (parts.has('ttft')) {
    results.ttft = await measureTtft(host, () => round(1, TTFT_PROMPT, 2))
    const { bareMs, marketMs } = results.ttft
    log(`first token: ${bareMs.toFixed(1)} ms alone, ${marketMs.toFixed(1)} ms through the market`)
  }
  for (const count of parts.has('kept') ? [1, 16] : []) {
    const pair = await measurePair(host, rounds, () => round(count, PROMPT, OUTPUT))
    results.pairs.set(count, pair)
    const cpu = pair.bareCpuMs / pair.providerCpuMs
    log(
      `${count} streams: ${pair.bareTokensPerSecond.toFixed(1)} tokens/s alone, ${cpu.toFixed(3)} kept by CPU`,
    )
  }
  if (parts.has('payment')) {
    Object.assign(results, await measurePayment(host, round(16, PROMPT, OUTPUT)))
    log(`payment: ${((results.payment?.cpuShare ?? Number.NaN) * 100).toFixed(2)} % of the tokens' CPU time`)
  }
  if (parts.has('crowd')) {
    const crowd = await measureCrowd(host, streams, log, () => round(streams, CROWD_PROMPT, CROWD_OUTPUT))
    results.crowd = { ...crowd, pageBytes: info.pageBytes }
  }
  return results
}

async function measureTtft({ bare, buyers }: Host, next: () => Round) {
  const [alone, market, added]: number[][] = [[], [], []]
  for (let pair = 0; pair < TTFT_PAIRS; pair++) {
    const round = next()
    const first = (await bare.ask<Measured>('run', round)).firstTokenMs[0]!
    const paid = (await buyers.ask<Measured>('run', round)).firstTokenMs[0]!
    alone!.push(first)
    market!.push(paid)
    added!.push(paid - first)
  }
  const median = (all: number[] | undefined) => percentile(all ?? [], 0.5)
  return { bareMs: median(alone), marketMs: median(market), addedMs: median(added) }
}

async function measurePair(host: Host, rounds: number, next: () => Round): Promise<Pair> {
  const { bare, provider, buyers } = host
  const best: Pair = {
    ...{ bareTokensPerSecond: 0, marketTokensPerSecond: 0 },
    ...{ bareCpuMs: Number.POSITIVE_INFINITY, providerCpuMs: Number.POSITIVE_INFINITY },
    buyersCpuMs: Number.POSITIVE_INFINITY,
  }
  for (let at = 0; at < rounds; at++) {
    const round = next()
    const alone = await metered([bare], () => bare.ask<Measured>('run', round))
    const market = await metered([provider, buyers], () => buyers.ask<Measured>('run', round))
    best.bareTokensPerSecond = Math.max(best.bareTokensPerSecond, speed(alone.result))
    best.marketTokensPerSecond = Math.max(best.marketTokensPerSecond, speed(market.result))
    best.bareCpuMs = Math.min(best.bareCpuMs, alone.cpuMs[0]! / alone.result.tokens)
    best.providerCpuMs = Math.min(best.providerCpuMs, market.cpuMs[0]! / market.result.tokens)
    best.buyersCpuMs = Math.min(best.buyersCpuMs, market.cpuMs[1]! / market.result.tokens)
  }
  return best
}

function speed({ tokens, wallMs }: Measured): number {
  return (tokens * 1000) / wallMs
}

async function metered<T>(workers: readonly Worker[], work: () => Promise<T>) {
  const before = await Promise.all(workers.map(worker => worker.ask<Usage>('usage')))
  const result = await work()
  const after = await Promise.all(workers.map(worker => worker.ask<Usage>('usage')))
  return { result, cpuMs: after.map(({ processMs }, at) => processMs - before[at]!.processMs), before, after }
}

/** In a round of its own, because the profiler costs time. */
async function measurePayment({ provider, buyers }: Host, round: Round) {
  await Promise.all([provider.ask('startProfile'), buyers.ask('startProfile')])
  const { before, after } = await metered([provider, buyers], () => buyers.ask<Measured>('run', round))
  const profiles = {
    provider: await provider.ask<Profiler.Profile>('stopProfile'),
    buyers: await buyers.ask<Profiler.Profile>('stopProfile'),
  }
  const main = after.map(({ mainMs }, at) => mainMs - before[at]!.mainMs)
  const all = after.map(({ processMs }, at) => processMs - before[at]!.processMs)
  const [ofProvider, ofBuyers] = [shares(profiles.provider), shares(profiles.buyers)]
  // What the provider's other threads used, computed the tokens of prompts and answers.
  const tokensCpuMs = all[0]! - main[0]!
  const paymentCpuMs = ofProvider.payment * main[0]! + ofBuyers.payment * main[1]!
  const payment = {
    ...{ provider: ofProvider, buyers: ofBuyers, tokensCpuMs, paymentCpuMs },
    cpuShare: paymentCpuMs / tokensCpuMs,
  }
  return { profiles, payment }
}

async function measureCrowd(
  { provider, buyers }: Host,
  streams: number,
  log: MeasureInit['log'],
  next: () => Round,
) {
  let [openMax, tokensPerSecond, before] = [0, 0, 0]
  for (let at = 0; at < CROWD_ROUNDS_WARM + CROWD_ROUNDS; at++) {
    const measured = await buyers.ask<Measured>('run', next())
    openMax = Math.max(openMax, measured.openMax)
    tokensPerSecond = Math.max(tokensPerSecond, speed(measured))
    const { ownBytes } = await provider.ask<Usage>('usage')
    log(`${measured.openMax} of ${streams} streams open at once; ${Math.round(ownBytes / 2 ** 20)} MB`)
    if (at === CROWD_ROUNDS_WARM - 1) before = ownBytes
  }
  const { ownBytes } = await provider.ask<Usage>('usage')
  return { openMax, tokensPerSecond, ownBytes, growthBytes: ownBytes - before }
}
