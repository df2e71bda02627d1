import type { KnownOffer } from '../../p2p/index.ts'
import type { Hex, Quote, Request, SamplingParams, SignedReceipt, Terms } from '../../protocol/index.ts'

/** What the caller wants answered. */
export interface InferRequest {
  modelId: Hex
  promptTokens: Uint32Array
  /** Tokens of the model's vocabulary: an answer with an id beyond it has failed. Unchecked when absent. */
  vocabSize?: number
  /** Tokens that end an answer. Without them an answer that goes on elsewhere has its last signed token made again. */
  stopTokens?: readonly number[]
  /** Output of an earlier, interrupted attempt: the answer continues after it, with the same seed and positions. */
  tokensSoFar?: Uint32Array
  maxOutputTokens: number
  sampling: SamplingParams
  seed: bigint
  /** Highest acceptable prices, wei per token. */
  priceMax?: { input: bigint; output: bigint }
  /**
   * Where it had better be answered: a country, with a subdivision if wanted (ISO 3166: "DE", "DE-BE"). A hint: providers
   * state their region and nobody can check it, so it decides only among those that are equally fast as far as we saw.
   */
  region?: string
  /** Prefer those that claim the least energy per token, under the same rule. */
  energy?: 'least'
  /** The most that the whole answer may cost in wei, over all providers that it takes. */
  costMax?: bigint
  /** Tokens that a provider's context must hold; set for an answer that goes on, so that it ends where it would have. */
  contextMin?: number
  /** Only these nodes; for tools that shop at one provider. */
  onlyNodes?: readonly Hex[]
  signal?: AbortSignal
}

/** An order once quote and request are agreed: everything later checks against this. */
export interface Order {
  offer: KnownOffer
  channel: Hex
  quote: Quote
  quoteSignature: Hex
  request: Request
  requestHash: Hex
  requestSignature: Hex
  salt: Hex
  /** Prompt as sent: the caller's prompt and what was answered before. */
  prompt: Uint32Array
  terms: Terms
}

/** One answered order. */
export interface Delivery extends SignedReceipt {
  order: Order
  receiptHash: Hex
  output: Uint32Array
  /** What this request added to the channel's debt. */
  cost: bigint
  firstTokenMs: number | undefined
  tokensPerSecond: number | undefined
}
