import { REGION_CHARS_MAX } from '../region.ts'
import {
  address,
  bytes32,
  list,
  optional,
  signature,
  struct,
  text,
  tokens,
  uint8,
  uint32,
  uint40,
  uint64,
  uint96,
  uint128,
  type ValueOf,
} from './codec.ts'

/** Longest prompt or output a frame may carry; also bounds what a stranger makes a node allocate. */
export const PROMPT_TOKENS_MAX = 65_536
export const CHUNK_TOKENS_MAX = 64
export const OFFER_BYTES_MAX = 512
/** One length-prefixed frame: the largest prompt plus its envelope. */
export const FRAME_BYTES_MAX = PROMPT_TOKENS_MAX * 4 + 4096
export const RECEIPTS_PAGE_MAX = 100
export const AUDIT_POSITIONS_MAX = 64
const MERKLE_DEPTH_MAX = 40
const MULTIADDRS_MAX = 4

export const JOB_PROTOCOL = '/aria/job/1'
export const RECEIPTS_PROTOCOL = '/aria/receipts/1'
export const AUDIT_PROTOCOL = '/aria/audit/1'
/**
 * Offers of different deployments never mix: the topic carries chain and escrow. Nor do those of different shapes: it
 * carries the version of the offer's fields, so that nobody hears what it cannot check.
 */
export function offerTopic(chainId: number, escrow: string): string {
  return `/aria/offers/2/${chainId}/${escrow.toLowerCase()}`
}

// --- The signed structs: EIP-712, domain "ARIA Jobs" ------------------------------------------------------

/**
 * A price that a staked provider gossips; short-lived, so the newest one is always cheap to find. `region` (empty: none
 * stated) and energy are the operator's word, which nobody checked; see energy.ts for the units.
 */
export const offerStruct = struct({
  operator: address,
  payee: address,
  modelId: bytes32,
  engineMajor: uint32,
  pricePerInputToken: uint96,
  pricePerOutputToken: uint96,
  contextMax: uint32,
  slotsFree: uint32,
  /** Wei that a channel must hold before it is served: a smaller one would not pay for its own redemption. */
  depositMin: uint96,
  region: text(REGION_CHARS_MAX),
  energySource: uint8,
  energyPerToken: uint32,
  sequence: uint64,
  validUntil: uint40,
  multiaddrs: list(text(160), MULTIADDRS_MAX),
})
export type Offer = ValueOf<typeof offerStruct>

/** The binding price of one request. */
export const quoteStruct = struct({
  offerHash: bytes32,
  channelId: bytes32,
  modelId: bytes32,
  pricePerInputToken: uint96,
  pricePerOutputToken: uint96,
  inputTokens: uint32,
  maxOutputTokens: uint32,
  windowTokens: uint32,
  prefillSharePercent: uint8,
  nonce: uint64,
  validUntil: uint40,
})
export type Quote = ValueOf<typeof quoteStruct>

/**
 * What the channel's signer orders. The seed is the client's own and the position of a draw is its place in the whole
 * sequence, so equal requests give equal answers anywhere. The last `answeredTokens` of the input are answer that was
 * made before, by whomever: the order continues it, and whatever depends on where the answer began starts there.
 */
export const requestStruct = struct({
  quoteHash: bytes32,
  channelId: bytes32,
  requestId: bytes32,
  promptCommit: bytes32,
  inputTokens: uint32,
  answeredTokens: uint32,
  maxOutputTokens: uint32,
  temperature: uint32,
  topK: uint32,
  topP: uint32,
  seed: uint64,
  base: uint96,
  deadline: uint40,
})
export type Request = ValueOf<typeof requestStruct>

/** The provider's signature over everything delivered so far: what a voucher pays for is always challengeable. */
export const checkpointStruct = struct({ requestHash: bytes32, outputTokens: uint32, outputRoot: bytes32 })
export type Checkpoint = ValueOf<typeof checkpointStruct>

/** The channel's signer asks for the rest of a running order on a new stream; `outputTokens` of it have arrived. */
export const resumeStruct = struct({ requestHash: bytes32, outputTokens: uint32 })
export type Resume = ValueOf<typeof resumeStruct>

export const receiptStruct = struct({
  requestHash: bytes32,
  modelId: bytes32,
  promptCommit: bytes32,
  outputRoot: bytes32,
  samplingHash: bytes32,
  seed: uint64,
  inputTokens: uint32,
  outputTokens: uint32,
  cumulativeDue: uint96,
  finish: uint8,
  flags: uint8,
  startedAt: uint40,
  endedAt: uint40,
})
export type Receipt = ValueOf<typeof receiptStruct>

/** Receipt.finish */
export const FINISH = {
  stop: 0,
  length: 1,
  cancelled: 2,
  error: 3,
  voucherTimeout: 4,
  contextFull: 5,
} as const
export type Finish = (typeof FINISH)[keyof typeof FINISH]
/** Receipt.flags bit 0: the channel is public, so the receipt enters the epoch's root and may be audited. */
export const FLAG_PUBLIC = 1

export const voucherStruct = struct({ channelId: bytes32, maxClaimableAmount: uint128 })
export type Voucher = ValueOf<typeof voucherStruct>

// --- Envelopes on /aria/job/1 -----------------------------------------------------------------------------

export const signedOffer = struct({ offer: offerStruct, signature })
export type SignedOffer = ValueOf<typeof signedOffer>

/** The contract keeps amounts in 96 bits: a larger total could be signed, but never redeemed. */
const signedVoucher = struct({ total: uint96, signature })
export type SignedVoucher = ValueOf<typeof signedVoucher>

export const channelParts = struct({ payer: address, signer: address, salt: uint96 })
export type ChannelParts = ValueOf<typeof channelParts>

export const quoteRequest = struct({
  modelId: bytes32,
  channel: channelParts,
  inputTokens: uint32,
  maxOutputTokens: uint32,
  /** The largest window the client accepts: 16 with a stranger. */
  windowTokensMax: uint32,
  nonce: uint64,
})
export type QuoteRequest = ValueOf<typeof quoteRequest>

/** `best` is the provider's best voucher with the client's own signature, so a client that lost its state can adopt it after checking it. */
export const quoteReply = struct({
  quote: quoteStruct,
  signature,
  due: uint96,
  best: optional(signedVoucher),
})
export type QuoteReply = ValueOf<typeof quoteReply>

export const jobRequest = struct({
  request: requestStruct,
  signature,
  salt: bytes32,
  prompt: tokens(PROMPT_TOKENS_MAX),
  voucher: signedVoucher,
})
export type JobRequest = ValueOf<typeof jobRequest>

/** The provider's view of the channel, so that disagreements show before money moves. */
export const acceptReply = struct({
  requestHash: bytes32,
  block: uint64,
  balance: uint96,
  claimed: uint96,
  thawEnd: uint40,
})
export type AcceptReply = ValueOf<typeof acceptReply>

export const rejectReply = struct({ code: text(40), message: text(400), retryAfterMs: uint32 })
export type RejectReply = ValueOf<typeof rejectReply>

/**
 * First frame of a stream that resumes an order; answered by `accept`, then by chunks from `outputTokens` on. `voucher` is
 * the client's best one, which may have been lost on the old stream.
 */
export const resumeRequest = struct({ resume: resumeStruct, signature, voucher: signedVoucher })
export type ResumeRequest = ValueOf<typeof resumeRequest>

export const signedCheckpoint = struct({ outputTokens: uint32, outputRoot: bytes32, signature })
export const chunkMessage = struct({
  start: uint32,
  tokens: tokens(CHUNK_TOKENS_MAX),
  checkpoint: optional(signedCheckpoint),
})
export type ChunkMessage = ValueOf<typeof chunkMessage>

export const signedReceipt = struct({ receipt: receiptStruct, signature })
export type SignedReceipt = ValueOf<typeof signedReceipt>

export const cancelMessage = struct({ reason: text(80) })
export const ackMessage = struct({ receiptHash: bytes32, voucher: optional(signedVoucher) })

/** First byte of a frame on /aria/job/1 says which message follows. */
export const JOB_MESSAGES = {
  1: ['quoteRequest', quoteRequest],
  2: ['quote', quoteReply],
  3: ['request', jobRequest],
  4: ['accept', acceptReply],
  5: ['reject', rejectReply],
  6: ['chunk', chunkMessage],
  7: ['voucher', signedVoucher],
  8: ['receipt', signedReceipt],
  9: ['ack', ackMessage],
  10: ['cancel', cancelMessage],
  11: ['resume', resumeRequest],
} as const
type JobMessages = typeof JOB_MESSAGES
export type JobMessage = {
  [K in keyof JobMessages]: { type: JobMessages[K][0]; body: ValueOf<JobMessages[K][1]> }
}[keyof JobMessages]

// --- /aria/receipts/1 and /aria/audit/1 -------------------------------------------------------------------

export const publicReceipt = struct({
  receipt: receiptStruct,
  receiptSignature: signature,
  request: requestStruct,
  requestSignature: signature,
})
export type PublicReceipt = ValueOf<typeof publicReceipt>

/** One frame each way: receipts of public jobs after a cursor; no prompts, no outputs. */
export const receiptsRequest = struct({ after: uint64, limit: uint32 })
export const receiptsReply = struct({
  items: list(struct({ cursor: uint64, item: publicReceipt }), RECEIPTS_PAGE_MAX),
})
export type ReceiptsReply = ValueOf<typeof receiptsReply>

const sumNode = struct({ hash: bytes32, sum: uint64 })
/** Asked by a drawn verifier: the receipts under these token positions of a committed epoch, with their transcripts. */
export const auditRequest = struct({ epoch: uint32, positions: list(uint64, AUDIT_POSITIONS_MAX) })
export type AuditRequest = ValueOf<typeof auditRequest>

/** Answered with one frame per position, in order; one frame never exceeds FRAME_BYTES_MAX (prompt + output share it). */
export const auditItem = struct({
  position: uint64,
  leafIndex: uint32,
  proof: list(sumNode, MERKLE_DEPTH_MAX),
  item: publicReceipt,
  salt: bytes32,
  prompt: tokens(PROMPT_TOKENS_MAX),
  output: tokens(PROMPT_TOKENS_MAX),
})
export type AuditItem = ValueOf<typeof auditItem>
export const auditReply = struct({ item: optional(auditItem), reject: optional(rejectReply) })
