import type { KnownOffer } from '../../p2p/index.ts'
import { type Address, AriaError, perMillion } from '../../protocol/index.ts'
import type { InferRequest } from '../job/job.ts'
import { OFFERS_POLL_MS } from '../limits.ts'
import { type CandidateComponents, type CandidateList, isBusy, listCandidates, nobody } from './candidates.ts'
import { type Choice, choose } from './choose.ts'
import type { Constraint } from './claims.ts'
import type { Load } from './load.ts'

export interface PickComponents {
  candidates: CandidateComponents
  load: Load
  random: () => number
  nowMs: () => number
}

export interface Picked {
  offer: KnownOffer
  choice: Choice
  /** The provider is free of this request again. */
  done: () => void
}

export interface PickInit {
  request: InferRequest
  /** Providers that failed in this request. */
  tried: ReadonlySet<Address>
  signal: AbortSignal
  /** How long an empty offer book, and busy providers, are waited for; `performance.now()` time. */
  offersUntilMs: number
  busyUntilMs: number
}

/**
 * The provider for the next attempt. An empty book fills within moments of joining the network, and a busy provider
 * has a free place soon: both are waited for, within limits. Undefined when all others were tried already.
 */
export async function pick(components: PickComponents, init: PickInit): Promise<Picked | undefined> {
  const { request, tried, signal, offersUntilMs, busyUntilMs } = init
  for (;;) {
    if (signal.aborted)
      throw new AriaError('cancelled', 'The request was cancelled before it found a provider.')
    const list = await listCandidates(components.candidates, request, tried)
    const picked = choosePicked(components, request, list)
    if (picked !== undefined) return picked
    const nowMs = performance.now()
    const mayWait = (list.ofModel === 0 && nowMs < offersUntilMs) || (isBusy(list) && nowMs < busyUntilMs)
    if (mayWait) await new Promise(resolve => setTimeout(resolve, OFFERS_POLL_MS))
    else if (tried.size > 0) return undefined
    else throw nobody(request, list, components.nowMs())
  }
}

function choosePicked(
  { load, random }: PickComponents,
  request: InferRequest,
  list: CandidateList,
): Picked | undefined {
  const inputTokens = request.promptTokens.length + (request.tokensSoFar?.length ?? 0)
  const { candidates, excluded } = list
  const { maxOutputTokens, region, energy } = request
  const hints = { ...(region !== undefined && { region }), ...(energy !== undefined && { energy }) }
  const wanted = { inputTokens, maxOutputTokens, ...hints }
  const found = choose(candidates, wanted, random)
  if (found === undefined) return undefined
  const { offer } = found.chosen
  const who = { node: offer.node, operator: offer.offer.operator }
  const { good, explanation } = found
  const constraints = [...hardConstraints(request, list), ...found.constraints]
  const counts = { good, candidates: candidates.length, excluded, constraints, explanation }
  return { offer, done: load.begin(offer.node), choice: { ...who, reason: found.reason, ...counts } }
}

/** Those that leave providers out, by what their signed offers bind them to. */
function hardConstraints(
  { modelId, priceMax }: InferRequest,
  { offers, ofModel, excluded }: CandidateList,
): Constraint[] {
  const model = {
    name: 'model',
    asked: modelId,
    effect: `${ofModel} of ${offers} offers`,
    isClaim: false,
  } as const
  if (priceMax === undefined) return [model]
  const dear = excluded.filter(({ constraint }) => constraint === 'price').length
  const asked = `${perMillion(priceMax.input)} in, ${perMillion(priceMax.output)} out`
  return [model, { name: 'price', asked, effect: `${dear} of ${ofModel} are dearer`, isClaim: false }]
}
