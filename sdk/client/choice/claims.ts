import {
  AriaError,
  ENERGY_SOURCES,
  type EnergyClaim,
  energyClaim,
  formatEnergy,
  holdsRegion,
  isRegion,
} from '../../protocol/index.ts'
import type { InferRequest } from '../job/job.ts'
import type { Candidate } from './choose.ts'

/** Up to this much slower than the fastest, as far as we saw ourselves: only among these may a claim decide. */
const ALIKE_PERCENT = 125
/** Claims up to this much above the least still count as thrifty, so that one small figure does not draw everyone. */
const THRIFTY_PERCENT = 125

/** What the caller would like and nobody can check: the operator's word decides among equals, and nothing else. */
export type Hints = Pick<InferRequest, 'region' | 'energy'>

/** How one of the request's constraints decided. */
export interface Constraint {
  name: 'model' | 'price' | 'region' | 'energy'
  /** What the request asked for. */
  asked: string
  /** What followed from it, for a person. */
  effect: string
  /** The providers' word, which nobody checked. */
  isClaim: boolean
}

/** @throws AriaError `bad_request` naming the field. */
export function checkHints({ region, energy }: Hints): void {
  if (region !== undefined && !isRegion(region)) {
    throw new AriaError('bad_request', `The region "${region}" is no ISO 3166 code.`, {
      facts: { param: 'region', region },
      hint: 'Name a country and, if wanted, a subdivision: DE or DE-BE.',
    })
  }
  if (energy === undefined || energy === 'least') return
  throw new AriaError('bad_request', `The energy preference "${energy}" is unknown.`, {
    facts: { param: 'energy', energy },
    hint: 'The only one is "least".',
  })
}

export interface Narrowed {
  /** Those that the hints leave; all of the good when no hint could be followed. */
  preferred: Candidate[]
  constraints: Constraint[]
}

/**
 * Follows the hints among those candidates that our own observations hold for equally fast. A claim costs nothing to make,
 * so it never brings a request to a provider that we know to be slower.
 */
export function followHints(
  good: readonly Candidate[],
  { region, energy }: Hints,
  observedMs: (candidate: Candidate) => number,
): Narrowed {
  const fastest = Math.min(...good.map(observedMs))
  const alike = good.filter(candidate => observedMs(candidate) * 100 <= fastest * ALIKE_PERCENT)
  const constraints: Constraint[] = []
  let left: Candidate[] | undefined
  if (region !== undefined) {
    const inRegion = alike.filter(({ offer }) => holdsRegion(region, offer.offer.region))
    const effect = effectOf(inRegion, alike, 'claim it')
    constraints.push({ name: 'region', asked: region, effect, isClaim: true })
    if (inRegion.length > 0) left = inRegion
  }
  if (energy !== undefined) {
    const among = left ?? alike
    const thrifty = thriftiest(among)
    const least = leastClaims(thrifty).map(formatEnergy).join(', ')
    const effect = effectOf(thrifty, among, least === '' ? 'claim any' : `claim about the least, ${least}`)
    constraints.push({ name: 'energy', asked: energy, effect, isClaim: true })
    if (thrifty.length > 0) left = thrifty
  }
  return { preferred: left ?? [...good], constraints }
}

function effectOf(fitting: readonly Candidate[], among: readonly Candidate[], said: string): string {
  const isFollowed = fitting.length > 0
  return `${fitting.length} of ${among.length} equally fast ${said}`.concat(
    isFollowed ? '' : ', not followed',
  )
}

const claimOf = ({ offer }: Candidate): EnergyClaim | undefined => energyClaim(offer.offer)

/** The least claim of each measure: joules and CPU seconds do not compare. */
function leastClaims(candidates: readonly Candidate[]): EnergyClaim[] {
  const claims = candidates.flatMap(candidate => claimOf(candidate) ?? [])
  return ENERGY_SOURCES.flatMap(source => {
    const figures = claims.filter(claim => claim.source === source).map(claim => claim.microPerToken)
    return figures.length === 0 ? [] : [{ source, microPerToken: Math.min(...figures) }]
  })
}

function thriftiest(candidates: readonly Candidate[]): Candidate[] {
  const least = leastClaims(candidates)
  return candidates.filter(candidate => {
    const claim = claimOf(candidate)
    const best = least.find(({ source }) => source === claim?.source)
    return best !== undefined && claim!.microPerToken * 100 <= best.microPerToken * THRIFTY_PERCENT
  })
}
