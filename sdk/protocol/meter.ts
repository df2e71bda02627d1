/**
 * The money rule of one request, computed the same by both sides (protocol: "payment order").
 * A voucher pays for what was delivered plus the next window; all amounts are cumulative wei of the channel.
 */
export interface Terms {
  pricePerInputToken: bigint
  pricePerOutputToken: bigint
  inputTokens: number
  maxOutputTokens: number
  /** Credit window W: output tokens paid ahead of delivery, so neither side can lose more than these. */
  windowTokens: number
  /** Percent of the prompt's price due before prefill; the rest is due with the first output token. */
  prefillSharePercent: number
  /** What the channel already owed before this request. */
  base: bigint
}

function promptPrice(terms: Terms): bigint {
  return terms.pricePerInputToken * BigInt(terms.inputTokens)
}

function promptDue(terms: Terms, produced: number): bigint {
  if (produced > 0) return promptPrice(terms)
  return (promptPrice(terms) * BigInt(terms.prefillSharePercent) + 99n) / 100n
}

/** Cumulative amount owed once `produced` output tokens were delivered. */
export function owed(terms: Terms, produced: number): bigint {
  return terms.base + promptDue(terms, produced) + terms.pricePerOutputToken * BigInt(produced)
}

/** Cumulative amount the client signs after `delivered` checkpointed tokens: delivered plus one window. */
export function mustSign(terms: Terms, delivered: number): bigint {
  const ahead = Math.min(delivered + terms.windowTokens, terms.maxOutputTokens)
  return terms.base + promptDue(terms, delivered) + terms.pricePerOutputToken * BigInt(ahead)
}

/** Whether a voucher of `covered` lets the provider touch the prompt at all. */
export function mayPrefill(terms: Terms, covered: bigint): boolean {
  return covered >= mustSign(terms, 0)
}

/**
 * How many output tokens in total a voucher of `covered` pays for; the provider stops there. With the first chunk the
 * rest of the prompt is due, so the first voucher alone carries that chunk, and more only as far as it covers both.
 */
export function mayProduce(terms: Terms, covered: bigint): number {
  if (!mayPrefill(terms, covered)) return 0
  const { pricePerOutputToken, maxOutputTokens } = terms
  const afterPrompt = covered - terms.base - promptPrice(terms)
  if (afterPrompt < 0n) return Math.min(FIRST_CHUNK_TOKENS, maxOutputTokens)
  if (pricePerOutputToken === 0n) return maxOutputTokens
  const paid = afterPrompt / pricePerOutputToken
  const limited = paid > BigInt(maxOutputTokens) ? maxOutputTokens : Number(paid)
  return Math.max(Math.min(FIRST_CHUNK_TOKENS, maxOutputTokens), limited)
}

/** Most the request can ever cost, on top of `base`; the channel must hold this before it starts. */
export function costMax(terms: Terms): bigint {
  return promptPrice(terms) + terms.pricePerOutputToken * BigInt(terms.maxOutputTokens)
}

/** Tokens between two signed checkpoints: half a window, so that a voucher's round trip never stalls the stream. */
export function checkpointEvery(windowTokens: number): number {
  return Math.max(1, Math.floor(windowTokens / 2))
}

/** The first chunk is one token: the time to it is what a reader waits for, and the prompt's second half hangs on it. */
export const FIRST_CHUNK_TOKENS = 1
export const WINDOW_TOKENS = 64
/** First contact with a stranger: risk a quarter of a window. */
export const WINDOW_TOKENS_FIRST = 16
export const PREFILL_SHARE_PERCENT = 50
