import type { Model } from '@aria/engine'
import { type InferEvent, InterruptedError, type Piece, type WholeAnswer } from '@aria/sdk/client'
import { toAriaError } from '@aria/sdk/protocol'
import { openDatabase } from '../../node/payments/database.ts'
import { voucherStore } from '../../node/payments/vouchers.ts'
import type { FailoverMarket, ProviderProcess } from './market.ts'
import { type Question, question, reference } from './reference.ts'

/** What one killed provider meant for the answer and for the money. */
export interface Kill {
  index: number
  /** The provider was killed when the caller had this many tokens. */
  atToken: number
  isCompleted: boolean
  isEqual: boolean
  /** The longest time without a token. */
  pauseMs: number
  /** What the dead provider could redeem for tokens that are not in the answer, in windows of the order. */
  overpaidWindows: number
  /** Another provider went on; otherwise all tokens had arrived, and only the receipt was missing. */
  wasContinued: boolean
  /** Tokens that stayed from the dead provider. */
  kept: number
  problem: string | undefined
}

/** Providers that must be there before a question: one to die, one to go on, one more. */
const USABLE_MIN = 3
const WAIT_POLL_MS = 50
const WAIT_MS_MAX = 60_000

export interface KillContext {
  market: FailoverMarket
  model: Model
  random: () => number
  signal: AbortSignal
}

/**
 * Asks one question and kills the provider that answers it at a random token. Undefined when the answer was complete
 * before the provider was gone: then nothing was interrupted.
 */
export async function killOnce(context: KillContext, index: number): Promise<Kill | undefined> {
  const { market, model, random, signal } = context
  await enoughProviders(market, signal)
  const asked = question(model, index)
  const expected = await reference(model, asked)
  const atToken = 1 + Math.floor(random() * (expected.length - 1))
  const watched = await watch(context, asked, atToken)
  const victim = await watched.victim
  if (victim === undefined) return undefined
  const piece = watched.answer?.pieces.find(({ order }) => order.offer.node === victim.node)
  const overpaidWindows = piece === undefined ? Number.NaN : overpaid(market, victim, piece)
  // It comes back with what its disk held at the moment of its death, while the next question is asked.
  victim.start().catch(() => {}) // Whoever never comes back is missing from the next count of providers.
  if (!watched.wasContinued && piece?.delivery !== undefined) return undefined
  const { output, problem, pauseMs, wasContinued } = watched
  return {
    ...{ index, atToken, isCompleted: problem === undefined, isEqual: sameTokens(output, expected) },
    ...{ pauseMs, overpaidWindows, wasContinued, kept: piece?.outputTokens ?? 0, problem },
  }
}

interface Watched {
  output: number[]
  answer: WholeAnswer | undefined
  pauseMs: number
  wasContinued: boolean
  victim: Promise<ProviderProcess | undefined>
  problem: string | undefined
}

async function watch({ market, signal }: KillContext, asked: Question, atToken: number): Promise<Watched> {
  const seen: Watched = {
    ...{ output: [], answer: undefined, pauseMs: 0, wasContinued: false },
    ...{ victim: Promise.resolve(undefined), problem: undefined },
  }
  let serving: ProviderProcess | undefined
  let isKilled = false
  let lastMs = 0
  const take = (event: InferEvent) => {
    if (event.type === 'accepted' || event.type === 'continued') {
      serving = market.providers.find(({ node }) => node === event.order.offer.node)
      seen.wasContinued ||= event.type === 'continued'
    }
    if (event.type === 'rewound') seen.output.length = event.outputTokens
    if (event.type === 'receipt' || event.type === 'ended') seen.answer = event.answer
    if (event.type !== 'tokens') return
    const nowMs = performance.now()
    if (lastMs > 0) seen.pauseMs = Math.max(seen.pauseMs, nowMs - lastMs)
    lastMs = nowMs
    seen.output.push(...event.tokens)
    if (isKilled || serving === undefined || seen.output.length < atToken) return
    isKilled = true
    const victim = serving
    seen.victim = victim.kill().then(() => victim)
  }
  try {
    const { modelId } = market
    for await (const event of market.client.infer({ ...asked, modelId, signal })) take(event)
  } catch (thrown) {
    signal.throwIfAborted()
    const error = toAriaError(thrown)
    if (error instanceof InterruptedError) seen.answer = error.partial
    seen.problem = `${error.code}: ${error.message} ${JSON.stringify(error.facts['attempts'] ?? [])}`
  }
  return seen
}

/** Read from the dead provider's own disk: its best voucher is all that it can ever redeem. */
function overpaid(
  { deployment }: FailoverMarket,
  victim: ProviderProcess,
  { order, outputTokens }: Piece,
): number {
  const { terms, channel } = order
  const database = openDatabase(victim.dataDir, deployment)
  try {
    const claimable = voucherStore(database).account(channel)?.best?.total ?? 0n
    const prompt = terms.pricePerInputToken * BigInt(terms.inputTokens)
    const worth = terms.base + prompt + terms.pricePerOutputToken * BigInt(outputTokens)
    const window = terms.pricePerOutputToken * BigInt(terms.windowTokens)
    return Number(((claimable - worth) * 1000n) / window) / 1000
  } finally {
    database.close()
  }
}

/** Waits until enough providers are up, heard, and not avoided after their last death. */
async function enoughProviders(
  { client, providers, modelId }: FailoverMarket,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + WAIT_MS_MAX
  for (;;) {
    signal.throwIfAborted()
    const { providers: records } = await client.status()
    const avoided = new Set(
      records.filter(({ avoidUntilMs }) => avoidUntilMs > Date.now()).map(({ node }) => node),
    )
    const offered = new Set(
      client.offers().flatMap(({ node, offer }) => (offer.modelId === modelId ? [node] : [])),
    )
    const usable = providers.filter(one => one.isUp() && offered.has(one.node) && !avoided.has(one.node))
    if (usable.length >= Math.min(USABLE_MIN, providers.length)) return
    if (performance.now() > until) throw new Error(`Only ${usable.length} providers came back.`)
    await new Promise(resolve => setTimeout(resolve, WAIT_POLL_MS))
  }
}

function sameTokens(got: readonly number[], expected: Uint32Array): boolean {
  return got.length === expected.length && expected.every((token, at) => token === got[at])
}
