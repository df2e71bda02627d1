import { ARIA } from '../protocol/index.ts'

/** How long the client waits for each step; a silent provider never hangs a request. */
export const CONNECT_TIMEOUT_MS = 5_000
/** Whoever is gone is replaced sooner than a new provider is given up. */
export const RESUME_CONNECT_TIMEOUT_MS = 1_500
export const QUOTE_TIMEOUT_MS = 5_000
export const ACCEPT_TIMEOUT_MS = 10_000
/** Prefill of a long prompt on one slow core fits in here. */
export const FIRST_TOKEN_TIMEOUT_MS = 60_000
export const TOKEN_TIMEOUT_MS = 20_000
/** A stream counts as stalled after several times its own pace, never sooner than this. */
export const STALL_MS_MIN = 3_000
export const RECEIPT_TIMEOUT_MS = 10_000
/** After a cancel the provider owes a receipt; longer waiting helps nobody. */
export const CANCEL_TIMEOUT_MS = 5_000
export const CLOSE_TIMEOUT_MS = 1_000

/** All of the above together, so that tests and tools can tighten them. */
export interface Timeouts {
  connectMs: number
  quoteMs: number
  acceptMs: number
  firstTokenMs: number
  /** At most between two tokens; a stall is usually told sooner, by the stream's own pace. */
  tokenMs: number
  stallMsMin: number
  receiptMs: number
  cancelMs: number
}
export const TIMEOUTS: Timeouts = {
  connectMs: CONNECT_TIMEOUT_MS,
  quoteMs: QUOTE_TIMEOUT_MS,
  acceptMs: ACCEPT_TIMEOUT_MS,
  firstTokenMs: FIRST_TOKEN_TIMEOUT_MS,
  tokenMs: TOKEN_TIMEOUT_MS,
  stallMsMin: STALL_MS_MIN,
  receiptMs: RECEIPT_TIMEOUT_MS,
  cancelMs: CANCEL_TIMEOUT_MS,
}

/** After start the offer book fills by gossip; a request waits this long for the first fitting offer. */
export const OFFERS_WAIT_MS = 5_000
export const OFFERS_POLL_MS = 100
/** When every provider is busy a place usually frees up soon; after this the caller is told to come back. */
export const BUSY_WAIT_MS = 10_000
/** Different providers tried in a row that bring no token. */
export const ATTEMPTS_MAX = 3
/** The same, with those that cannot be reached: an offer outlives its provider by half a minute. */
export const PROVIDERS_TRIED_MAX = 24
/** Lost streams that one order outlives; a provider allows one more. */
export const RESUMES_MAX = 3
/** Times that one answer may go on elsewhere: whoever meets more broken providers has a problem of its own. */
export const FAILOVERS_MAX = 8
/** All providers together must be done by then; it also bounds how long a signed request is of any use. */
export const REQUEST_LIFETIME_SECONDS = 600
/**
 * Of one answer, over all its providers. Beyond this, cheating once would pay for a provider of the least stake
 * (protocol 3.3).
 */
export const JOB_COST_MAX = 2n * ARIA

/** One open request per channel, so this is also the client's parallelism with one provider. */
export const CHANNELS_PER_PROVIDER_MAX = 8
/** Requests that may queue for a channel of one provider. */
export const CHANNEL_WAITERS_MAX = 64
/** A new deposit covers this many of the largest requests seen, within the configured bounds. */
export const DEPOSIT_REQUESTS = 16n
/** Below this share of a deposit the channel is topped up in the background. */
export const TOP_UP_PERCENT = 25n

export const TRANSACTION_TIMEOUT_MS = 60_000
export const TRANSACTION_POLL_MS = 25
export const TRANSACTION_POLL_MS_MAX = 2_000
/** A permit that is not mined soon is worthless, which is safer than one that waits. */
export const PERMIT_LIFETIME_SECONDS = 3_600

/** Who is registered and staked changes rarely: cached this long, and longer while the RPC is away. */
export const REGISTRATION_FRESH_MS = 60_000
export const REGISTRATION_STALE_MS = 600_000
export const REGISTRATIONS_MAX = 4_096

/** An audit's score becomes final once an epoch; older ones than these say little about today. */
export const SCORE_FRESH_MS = 60_000
export const SCORE_EPOCHS_MAX = 4
/** Below this an operator gets no rewards (protocol 1.6), and no requests. */
export const SCORE_MIN = 90

/** Receipts with their transcripts stay in memory only: prompts never touch the disk. */
export const TRANSCRIPTS_MAX = 1_000
export const TRANSCRIPT_TOKENS_MAX = 4_000_000
/** So many deposits in a row may be lost to reorganisations of the chain before a request gives up. */
export const DEPOSIT_ATTEMPTS_MAX = 3
