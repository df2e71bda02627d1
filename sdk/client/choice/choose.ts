import type { KnownOffer } from '../../p2p/index.ts'
import { type Address, type EnergyClaim, energyClaim } from '../../protocol/index.ts'
import { smaller } from '../amounts.ts'
import type { ProviderRecord } from '../store/index.ts'
import { type Constraint, followHints, type Hints } from './claims.ts'

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

export interface Wanted extends Hints {
  inputTokens: number
  maxOutputTokens: number
}

export interface Exclusion {
  node: Address
  operator: Address
  reason: string
  /** When the reason ends, if it does by itself. */
  untilMs?: number
  /** The request's own constraint that left it out, if one did. */
  constraint?: Constraint['name']
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
  /** The operator's word, which nobody checked: where it stands ("" when it does not say), what a token costs it. */
  regionClaimed: string
  energyClaimed: EnergyClaim | undefined
  /** Dearer ones are not among the good, and are not drawn. */
  isGood: boolean
  /** Left by the request's hints; all of the good when none could be followed. */
  isPreferred: boolean
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
  /** What each of the request's constraints did. */
  constraints: Constraint[]
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
export function expectedMs(candidate: Candidate, wanted: Wanted, newcomer: Speed): number {
  return observedMs(candidate, wanted, newcomer) * (1 + candidate.inFlight)
}

/** The same beside none of our own requests: what the provider is like, not what we burden it with. */
function observedMs(
  { offer, record, auditScore }: Candidate,
  { maxOutputTokens }: Wanted,
  newcomer: Speed,
): number {
  const firstMs = record?.firstTokenMs ?? newcomer.firstTokenMs
  const perSecond = record?.tokensPerSecond ?? newcomer.tokensPerSecond
  const alone = firstMs + (maxOutputTokens * 1000) / perSecond
  // Whoever failed lately may do so again, and the answer would wait for another one.
  const risk = 1 + (record?.failed ?? 0)
  const trust = SCORE_BEST / Math.max(1, auditScore ?? SCORE_BEST)
  return alone * risk * trust * (offer.offer.slotsFree === 0 ? NO_SLOT_FACTOR : 1)
}

export interface Chosen {
  chosen: Candidate
  reason: string
  good: number
  constraints: Constraint[]
  explanation: Considered[]
}

function consider(
  candidate: Candidate,
  wanted: Wanted,
  newcomer: Speed,
  fate: Pick<Considered, 'isGood' | 'isPreferred' | 'isDrawn'>,
): Considered {
  const { offer, record, inFlight, auditScore } = candidate
  return {
    ...{ node: offer.node, operator: offer.offer.operator, cost: expectedCost(offer, wanted) },
    expectedMs: Math.round(expectedMs(candidate, wanted, newcomer)),
    isNewcomer: record?.tokensPerSecond === undefined,
    ...{ inFlight, slotsFree: offer.offer.slotsFree, failed: record?.failed ?? 0, auditScore },
    ...{ regionClaimed: offer.offer.region, energyClaimed: energyClaim(offer.offer), ...fate },
  }
}

/**
 * Power of two choices: of two random good candidates (of those that the hints leave) the faster one. All clients together then spread their load,
 * where always taking the best would send everyone to one provider (Mitzenmacher 2001).
 */
export function choose(
  candidates: readonly Candidate[],
  wanted: Wanted,
  random: () => number,
): Chosen | undefined {
  const good = goodOnes(candidates, wanted)
  if (good.length === 0) return undefined
  const newcomer = bestSpeed(good)
  const observed = (candidate: Candidate) => observedMs(candidate, wanted, newcomer)
  const { preferred, constraints } = followHints(good, wanted, observed)
  const first = preferred[Math.floor(random() * preferred.length)]!
  const others = preferred.filter(candidate => candidate !== first)
  const second = others[Math.floor(random() * others.length)]
  const explanation = candidates.map(candidate =>
    consider(candidate, wanted, newcomer, {
      isGood: good.includes(candidate),
      isPreferred: preferred.includes(candidate),
      isDrawn: candidate === first || candidate === second,
    }),
  )
  const facts = { good: good.length, constraints, explanation }
  if (second === undefined) return { chosen: first, reason: onlyOne(good.length), ...facts }
  const [a, b] = [expectedMs(first, wanted, newcomer), expectedMs(second, wanted, newcomer)]
  const [chosen, faster, slower] = a <= b ? [first, a, b] : [second, b, a]
  const reason = `expected ${Math.round(faster)} ms against ${Math.round(slower)} ms of another good one`
  return { chosen, reason, ...facts }
}

function onlyOne(good: number): string {
  return good === 1 ? 'the only good one' : 'the only good one that the hints leave'
}

function goodOnes(candidates: readonly Candidate[], wanted: Wanted): Candidate[] {
  const costs = candidates.map(({ offer }) => expectedCost(offer, wanted))
  const cheapest = costs.reduce(smaller, costs[0] ?? 0n)
  return candidates.filter((_, at) => costs[at]! * 100n <= cheapest * GOOD_PRICE_PERCENT)
}
