export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** What the gateway needs of a tokenizer; the engine's has this shape. The caller injects it. */
export interface Tokenizer {
  /** Ids run from 0 to here, exclusive. */
  readonly vocabSize: number
  /** Tokens that end an answer; they have no text. */
  readonly stopTokens: readonly number[]
  /**
   * The model's chat template with the turn of the assistant opened; long work stays off the event loop.
   * Rejects with `code` `bad_template` when the template refuses the messages, `bad_token` when they are too long.
   */
  encodeChatAsync(messages: readonly ChatMessage[], options?: { signal?: AbortSignal }): Promise<Uint32Array>
  /** Text piece by piece; holds back bytes of an unfinished character. */
  decoder(): { push(tokens: Uint32Array | readonly number[]): string; end(): string }
}

/** A model that the gateway answers for. */
export interface GatewayModel {
  /** What clients write in `model`. */
  name: string
  modelId: `0x${string}`
  contextLength: number
  tokenizer: Tokenizer
}
