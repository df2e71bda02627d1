import type { KnownOffer } from '../../p2p/index.ts'
import { type Address, AriaError, formatAria } from '../../protocol/index.ts'
import type { Registrations } from '../chain/registration.ts'
import type { AuditScore, Scores } from '../chain/scores.ts'
import type { InferRequest } from '../job/job.ts'
import { SCORE_MIN } from '../limits.ts'
import type { Candidate, Exclusion } from './choose.ts'
import type { Reputation } from './reputation.ts'

export interface CandidateComponents {
  offers: () => KnownOffer[]
  registrations: Registrations
  scores: Scores
  reputation: Reputation
  inFlight: (node: Address) => number
  /** The most that one deposit may lock. */
  depositMax: bigint
  nowMs: () => number
}

export interface CandidateList {
  candidates: Candidate[]
  excluded: Exclusion[]
  /** Offers of the model, whatever else speaks against them; and of any model. */
  ofModel: number
  offers: number
}

/** All offers that could serve the request, and why the others cannot. */
export async function listCandidates(
  components: CandidateComponents,
  request: InferRequest,
  tried: ReadonlySet<Address>,
): Promise<CandidateList> {
  const list: CandidateList = { candidates: [], excluded: [], ofModel: 0, offers: 0 }
  const offers = components.offers()
  const ofModel = offers.filter(({ offer }) => offer.modelId === request.modelId)
  list.ofModel = ofModel.length
  list.offers = offers.length
  const checked = await Promise.all(
    ofModel.map(async offer => {
      const [exclusion, audited] = await Promise.all([
        exclusionOf(components, offer, request, tried),
        components.scores.of(offer.offer.operator),
      ])
      return { offer, exclusion: exclusion ?? badScore(audited), audited }
    }),
  )
  for (const { offer, exclusion, audited } of checked) {
    const { node } = offer
    if (exclusion !== undefined) list.excluded.push({ node, operator: offer.offer.operator, ...exclusion })
    else {
      const record = components.reputation.record(node)
      list.candidates.push({ offer, record, inFlight: components.inFlight(node), auditScore: audited?.score })
    }
  }
  return list
}

type Reason = Pick<Exclusion, 'reason' | 'untilMs' | 'constraint'>

function badScore(audited: AuditScore | undefined): Reason | undefined {
  if (audited === undefined || audited.score >= SCORE_MIN) return undefined
  return { reason: `its audits of epoch ${audited.epoch} scored ${audited.score} of 100` }
}

async function exclusionOf(
  { registrations, reputation, depositMax, nowMs }: CandidateComponents,
  { node, offer }: KnownOffer,
  request: InferRequest,
  tried: ReadonlySet<Address>,
): Promise<Reason | undefined> {
  const { priceMax, onlyNodes } = request
  if (onlyNodes !== undefined && !onlyNodes.includes(node)) return { reason: 'not among the allowed nodes' }
  if (tried.has(node)) return { reason: 'failed in this request' }
  if (priceMax !== undefined) {
    const { pricePerInputToken: input, pricePerOutputToken: output } = offer
    if (input > priceMax.input || output > priceMax.output)
      return { reason: 'dearer than the price limit', constraint: 'price' }
  }
  if (offer.depositMin > depositMax)
    return { reason: `it serves channels of ${formatAria(offer.depositMin)} ARIA and more` }
  const inputTokens = request.promptTokens.length + (request.tokensSoFar?.length ?? 0)
  if (inputTokens >= offer.contextMax)
    return { reason: `its context of ${offer.contextMax} tokens is too short` }
  const { contextMin = 0 } = request
  if (offer.contextMax < contextMin)
    return { reason: `its context of ${offer.contextMax} tokens would end the answer sooner` }
  const record = reputation.record(node)
  if (record !== undefined && record.avoidUntilMs > nowMs()) {
    const [code] = record.avoidReason.split(':')
    return { reason: `avoided after ${code}`, untilMs: record.avoidUntilMs }
  }
  const objection = await registrations.objection(node, offer.operator)
  return objection === undefined ? undefined : { reason: objection }
}

/** Some provider would do, and only has no free place at the moment. */
export function isBusy({ excluded }: CandidateList): boolean {
  return excluded.some(({ reason }) => reason === 'avoided after busy')
}

/** The error that tells apart: nobody offers the model, the prompt fits nowhere, all are busy, all are unfit. */
export function nobody(
  { modelId, promptTokens }: InferRequest,
  list: CandidateList,
  nowMs: number,
): AriaError {
  const { excluded, ofModel } = list
  const facts = { modelId, offers: ofModel, excluded }
  if (ofModel === 0) {
    return new AriaError('no_provider', `No provider offers model ${modelId} now.`, {
      facts,
      hint: 'Start a provider, or check ARIA_BOOTSTRAP so that offers reach this client.',
    })
  }
  if (excluded.every(({ reason }) => reason.startsWith('its context'))) {
    const message = `${promptTokens.length} prompt tokens fit no provider's context.`
    return new AriaError('prompt_too_long', message, { facts })
  }
  const until = excluded.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY)
  const retryAfterMs = Math.max(0, Math.min(...until) - nowMs)
  const code = isBusy(list) ? 'busy' : 'no_provider'
  return new AriaError(code, `None of ${ofModel} offers of the model can be used.`, {
    facts: { ...facts, ...(Number.isFinite(retryAfterMs) && { retryAfterMs }) },
    hint: `${excluded.map(({ operator, reason }) => `${operator}: ${reason}`).join('; ')}.`,
  })
}
