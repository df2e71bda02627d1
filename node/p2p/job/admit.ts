import {
  type Address,
  AriaError,
  costMax,
  digest,
  fromHex,
  type Hex,
  isValidSampling,
  type JobRequest,
  mustSign,
  promptCommit,
  requestId,
  requireSigner,
  type Terms,
} from '@aria/sdk/protocol'
import { type ChannelView, requireDeposit, requireFunds } from '../../chain/channels.ts'
import { provableDue, replayed } from '../../payments/vouchers.ts'
import type { JobComponents } from './context.ts'
import { VIEW_AGE_MS_MAX } from './limits.ts'
import type { IssuedQuote } from './quote.ts'

/** A request that passed every check and is in the ledger with its first voucher. */
export interface AdmittedJob {
  channel: Hex
  /** Signs the channel's vouchers. */
  signer: Address
  requestHash: Hex
  job: JobRequest
  terms: Terms
  /** The best voucher's total, the first one or an older one's credit. */
  covered: bigint
  view: ChannelView
}

/**
 * Checks a request, cheapest money-relevant checks first, and stores its voucher before any work.
 * @throws AriaError with the code that the client gets in `reject`.
 */
export async function admit(
  job: JobRequest,
  issued: IssuedQuote,
  components: JobComponents,
): Promise<AdmittedJob> {
  const { deployed, vouchers } = components
  const { request, voucher } = job
  const { parts, quote } = issued
  const channel = quote.channelId
  const terms = termsOf(issued, request.base)
  if (request.channelId !== channel) throw wrongPayee(request.channelId, channel)

  await requireSigner(
    'Voucher',
    { channelId: channel, maxClaimableAmount: voucher.total },
    voucher.signature,
    deployed,
    parts.signer,
  )
  await requireSigner('Request', request, job.signature, deployed, parts.signer)
  checkRequest(job, issued, components)
  const known = vouchers.account(channel)
  const best = known?.best?.total ?? 0n
  checkMoney(terms, voucher.total, provableDue(known))
  if (vouchers.hasRequest(request.requestId)) throw replayed(request.requestId)
  const debtMax = terms.base + costMax(terms)
  const view = await viewFor(debtMax, issued, components)
  // More was redeemed than our books know a voucher for: they were lost, or are one of two sets, and what was redeemed is
  // spent. With whole books it may exceed the debt: a window was paid ahead, and is the client's credit.
  if (terms.base < view.claimed && best < view.claimed) throw baseTooLow(terms.base, view.claimed)
  requireDeposit(view, components.prices.depositMin)
  requireFunds(view, debtMax)

  const requestHash = digest('Request', request, deployed)
  const account = vouchers.admit({
    requestId: request.requestId,
    requestHash,
    channel,
    parts,
    nonce: quote.nonce,
    base: request.base,
    voucher,
  })
  await vouchers.synced()
  return { channel, signer: parts.signer, requestHash, job, terms, covered: account.best?.total ?? 0n, view }
}

/** What was read when the quote was asked for, while that is as good as new and the channel was not topped up since. */
async function viewFor(
  debtMax: bigint,
  { quote: { channelId: channel }, viewAhead }: IssuedQuote,
  { channels, prices }: JobComponents,
): Promise<ChannelView> {
  const isRecent = viewAhead !== undefined && performance.now() - viewAhead.readMs <= VIEW_AGE_MS_MAX
  const view = (isRecent ? await viewAhead.view : undefined) ?? (await channels.read(channel))
  const isEnough = view.balance >= debtMax && view.deposited >= prices.depositMin
  return isEnough ? view : await channels.read(channel, { isFresh: true })
}

function termsOf({ quote }: IssuedQuote, base: bigint): Terms {
  const { pricePerInputToken, pricePerOutputToken, inputTokens, maxOutputTokens, windowTokens } = quote
  const { prefillSharePercent } = quote
  return {
    pricePerInputToken,
    pricePerOutputToken,
    inputTokens,
    maxOutputTokens,
    windowTokens,
    prefillSharePercent,
    base,
  }
}

function checkRequest(job: JobRequest, { quote, hash }: IssuedQuote, { clock, model }: JobComponents): void {
  const { request, prompt } = job
  const now = clock.nowSeconds()
  if (request.quoteHash !== hash) {
    throw badRequest('The request names a quote that this stream did not get.', {
      quoteHash: request.quoteHash,
    })
  }
  if (quote.validUntil < now || request.deadline < now) {
    throw new AriaError(
      'quote_expired',
      `The quote ended at ${quote.validUntil}, the request at ${request.deadline}.`,
      {
        facts: { validUntil: quote.validUntil, deadline: request.deadline, now },
        hint: 'Ask for a new quote, and check the clocks of both machines.',
      },
    )
  }
  const counts = { inputTokens: request.inputTokens, maxOutputTokens: request.maxOutputTokens }
  const isQuoted =
    counts.inputTokens === quote.inputTokens &&
    counts.maxOutputTokens === quote.maxOutputTokens &&
    prompt.length === quote.inputTokens
  if (!isQuoted)
    throw badRequest('The token counts differ from the quote.', { ...counts, prompt: prompt.length })
  if (request.promptCommit !== promptCommit(fromHex(job.salt, 32), prompt)) {
    throw badRequest('The prompt does not match its commitment.', { promptCommit: request.promptCommit })
  }
  if (request.requestId !== requestId(quote.channelId, quote.nonce)) {
    throw badRequest('The request id is not the hash of channel and nonce.', { requestId: request.requestId })
  }
  const { temperature, topK, topP } = request
  if (!isValidSampling({ temperature, topK, topP })) {
    throw badRequest('A sampling parameter is out of range.', { temperature, topK, topP })
  }
  const { vocabSize } = model.engine.info
  if (prompt.some(token => token >= vocabSize)) {
    throw badRequest(`A prompt token lies outside the vocabulary of ${vocabSize}.`, { vocabSize })
  }
  checkAnswered(job, model.engine.tokenizer.stopTokens)
}

/** An order may go on with an answer that began elsewhere; one that has ended already has no rest. */
function checkAnswered({ request, prompt }: JobRequest, stopTokens: readonly number[]): void {
  const { answeredTokens, inputTokens } = request
  if (answeredTokens >= inputTokens) {
    throw badRequest('An answer needs a prompt of at least one token.', { answeredTokens, inputTokens })
  }
  const answered = prompt.subarray(inputTokens - answeredTokens)
  if (answered.some(token => stopTokens.includes(token))) {
    throw badRequest('The answer so far holds a stop token, so nothing follows it.', { answeredTokens })
  }
}

function checkMoney(terms: Terms, total: bigint, due: bigint): void {
  if (terms.base < due) throw baseTooLow(terms.base, due)
  const needed = mustSign(terms, 0)
  if (total < needed) {
    throw new AriaError(
      'voucher_too_small',
      `The first voucher covers ${total}, the first window needs ${needed}.`,
      {
        facts: { total, needed },
        hint: 'Sign base + the prompt share + one window.',
      },
    )
  }
}

function baseTooLow(base: bigint, due: bigint): AriaError {
  return new AriaError('base_too_low', `The request starts at ${base}, but the channel owes ${due}.`, {
    facts: { base, due },
    hint: 'Start at the amount of the last receipt.',
  })
}

function badRequest(message: string, facts: Record<string, unknown>): AriaError {
  return new AriaError('bad_request', message, { facts })
}

function wrongPayee(found: Hex, expected: Hex): AriaError {
  return new AriaError('wrong_payee', `The request pays channel ${found}, this node's is ${expected}.`, {
    facts: { found, expected },
    hint: 'Use the channel whose payee is the one in the offer.',
  })
}
