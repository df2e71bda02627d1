import type { KnownOffer } from '../../p2p/index.ts'
import type { Address } from '../../protocol/index.ts'
import { smaller } from '../amounts.ts'
import type { ProviderRecord } from '../store/index.ts'

/** Providers up to this much dearer than the cheapest still count as good: speed is worth something. */
const GOOD_PRICE_PERCENT = 150n
/** Taken while nobody was measured. */
const FIRST_TOKEN_MS_GUESS = 300
const TOKENS_PER_SECOND_GUESS = 30
/** A busy provider (no free slot announced) is taken only when nothing else is there: each of ours in flight costs too. */
const NO_SLOT_FACTOR = 4

const SCORE_BEST = 100

export interface Candidate {
  offer: KnownOffer
  record: ProviderRecord | undefined
  /** Our own requests that run there now. */
  inFlight: number
  /** What auditors gave its operator last, 0 to 100; undefined when they never saw its work. */
  auditScore: number | undefined
}

export interface Wanted {
  inputTokens: number
  maxOutputTokens: number
}

export interface Exclusion {
  node: Address
  operator: Address
  reason: string
  /** When the reason ends, if it does by itself. */
  untilMs?: number
}

/** How one candidate was seen, in the units that were compared. */
export interface Considered {
  node: Address
  operator: Address
  /** Wei of the whole request at the offered price. */
  cost: bigint
  /** Expected, by this client's own measurements; a newcomer counts as fast as the fastest. */
  expectedMs: number
  isNewcomer: boolean
  inFlight: number
  slotsFree: number
  /** Failures since it last served us. */
  failed: number
  auditScore: number | undefined
  /** Dearer ones are not among the good, and are not drawn. */
  isGood: boolean
  /** Drawn by chance as one of two; the faster of them is chosen. */
  isDrawn: boolean
}

/** What was chosen and why, for the person who asks "why this provider?". */
export interface Choice {
  node: Address
  operator: Address
  reason: string
  good: number
  candidates: number
  excluded: Exclusion[]
  explanation: Considered[]
}

/** Expected cost in wei of the whole request at the offered price. */
export function expectedCost({ offer }: KnownOffer, { inputTokens, maxOutputTokens }: Wanted): bigint {
  return offer.pricePerInputToken * BigInt(inputTokens) + offer.pricePerOutputToken * BigInt(maxOutputTokens)
}

interface Speed {
  firstTokenMs: number
  tokensPerSecond: number
}

/** A newcomer is taken for as fast as the fastest that was measured: otherwise it would never be tried. */
function bestSpeed(candidates: readonly Candidate[]): Speed {
  const firsts = candidates.flatMap(({ record }) => record?.firstTokenMs ?? [])
  const rates = candidates.flatMap(({ record }) => record?.tokensPerSecond ?? [])
  return {
    firstTokenMs: firsts.length > 0 ? Math.min(...firsts) : FIRST_TOKEN_MS_GUESS,
    tokensPerSecond: rates.length > 0 ? Math.max(...rates) : TOKENS_PER_SECOND_GUESS,
  }
}

/** Expected duration by this client's own measurements; lower is better. */
export function expectedMs(
  { offer, record, inFlight, auditScore }: Candidate,
  { maxOutputTokens }: Wanted,
  newcomer: Speed,
): number {
  const firstMs = record?.firstTokenMs ?? newcomer.firstTokenMs
  const perSecond = record?.tokensPerSecond ?? newcomer.tokensPerSecond
  const alone = firstMs + (maxOutputTokens * 1000) / perSecond
  const crowd = 1 + inFlight
  // Whoever failed lately may do so again, and the answer would wait for another one.
  const risk = 1 + (record?.failed ?? 0)
  const trust = SCORE_BEST / Math.max(1, auditScore ?? SCORE_BEST)
  return alone * crowd * risk * trust * (offer.offer.slotsFree === 0 ? NO_SLOT_FACTOR : 1)
}

export interface Chosen {
  chosen: Candidate
  reason: string
  good: number
  explanation: Considered[]
}

function consider(
  candidate: Candidate,
  wanted: Wanted,
  newcomer: Speed,
  fate: Pick<Considered, 'isGood' | 'isDrawn'>,
): Considered {
  const { offer, record, inFlight, auditScore } = candidate
  return {
    ...{ node: offer.node, operator: offer.offer.operator, cost: expectedCost(offer, wanted) },
    expectedMs: Math.round(expectedMs(candidate, wanted, newcomer)),
    isNewcomer: record?.tokensPerSecond === undefined,
    ...{ inFlight, slotsFree: offer.offer.slotsFree, failed: record?.failed ?? 0, auditScore, ...fate },
  }
}

/**
 * Power of two choices: of two random good candidates the faster one. All clients together then spread their load,
 * where always taking the best would send everyone to one provider (Mitzenmacher 2001).
 */
export function choose(
  candidates: readonly Candidate[],
  wanted: Wanted,
  random: () => number,
): Chosen | undefined {
  const good = goodOnes(candidates, wanted)
  if (good.length === 0) return undefined
  const first = good[Math.floor(random() * good.length)]!
  const others = good.filter(candidate => candidate !== first)
  const second = others[Math.floor(random() * others.length)]
  const newcomer = bestSpeed(good)
  const explanation = candidates.map(candidate =>
    consider(candidate, wanted, newcomer, {
      isGood: good.includes(candidate),
      isDrawn: candidate === first || candidate === second,
    }),
  )
  if (second === undefined) return { chosen: first, reason: 'the only good one', good: 1, explanation }
  const [a, b] = [expectedMs(first, wanted, newcomer), expectedMs(second, wanted, newcomer)]
  const [chosen, faster, slower] = a <= b ? [first, a, b] : [second, b, a]
  const reason = `expected ${Math.round(faster)} ms against ${Math.round(slower)} ms of another good one`
  return { chosen, reason, good: good.length, explanation }
}

function goodOnes(candidates: readonly Candidate[], wanted: Wanted): Candidate[] {
  const costs = candidates.map(({ offer }) => expectedCost(offer, wanted))
  const cheapest = costs.reduce(smaller, costs[0] ?? 0n)
  return candidates.filter((_, at) => costs[at]! * 100n <= cheapest * GOOD_PRICE_PERCENT)
}
