import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AriaError } from '../../sdk/protocol/index.ts'
import type { Random } from './mutate.ts'
import type { Target } from './targets.ts'

/** Inputs that once broke a property, or came near: always run first. Hex, one input per file. */
export const CORPUS = fileURLToPath(new URL('../../node/fuzz/corpus', import.meta.url))
/** Parsing one input of a few kilobytes takes microseconds; a second is a hang. */
const INPUT_MS_MAX = 1_000

export interface Finding {
  target: string
  input: Uint8Array
  problem: string
}

export interface Campaign {
  inputs: number
  /** Inputs that the parser took: mutation must reach what comes behind the parser too. */
  accepted: number
  slowestMs: number
  findings: Finding[]
}

/** Mulberry32: the same seed gives the same inputs. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function corpusOf({ name }: Target): Uint8Array[] {
  const files = readdirSync(CORPUS).filter(file => file.startsWith(`${name}-`))
  return files.sort().map(file => Buffer.from(readFileSync(join(CORPUS, file), 'utf8').trim(), 'hex'))
}

/** Runs seeds and corpus unchanged, then mutations of them until `isOver`. Stops at the first finding. */
export async function fuzz(
  target: Target,
  seed: number,
  isOver: (inputs: number) => boolean,
): Promise<Campaign> {
  const random = seeded(seed)
  // Copies: a Buffer's slice is a view, and mutations must not reach the seeds.
  const valid = (await target.seeds()).map(bytes => Uint8Array.from(bytes))
  const known = [...valid, ...corpusOf(target)]
  const campaign: Campaign = { inputs: 0, accepted: 0, slowestMs: 0, findings: [] }
  for (const input of known) await tryInput(target, input, random, campaign)
  if (campaign.accepted === 0)
    throw new Error(`No seed of ${target.name} is accepted: nothing behind its parser is reached.`)
  while (campaign.findings.length === 0 && !isOver(campaign.inputs))
    await tryInput(target, target.mutate(valid, random), random, campaign)
  return campaign
}

async function tryInput(
  target: Target,
  input: Uint8Array,
  random: Random,
  campaign: Campaign,
): Promise<void> {
  campaign.inputs++
  const startMs = performance.now()
  try {
    const result = target.run(input, random)
    if (result instanceof Promise) await result
    campaign.accepted++
  } catch (thrown) {
    const isTyped = thrown instanceof AriaError && target.errors.includes(thrown.code)
    if (!isTyped) campaign.findings.push({ target: target.name, input, problem: describe(thrown) })
  }
  const tookMs = performance.now() - startMs
  campaign.slowestMs = Math.max(campaign.slowestMs, tookMs)
  if (tookMs > INPUT_MS_MAX)
    campaign.findings.push({ target: target.name, input, problem: `took ${tookMs} ms` })
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = thrown instanceof AriaError ? ` (${thrown.code})` : ''
  return `${thrown.name}${code}: ${thrown.message}\n${thrown.stack}`
}
