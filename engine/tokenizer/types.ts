export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface Decoder {
  /** The text that these tokens complete; a character split over tokens waits for its last byte. */
  push(tokens: Uint32Array | readonly number[]): string
  /** What is left: an unfinished character as U+FFFD. */
  end(): string
}

/**
 * Text to tokens and back. Half a surrogate pair counts as U+FFFD. Calls that end in `Async` work on a thread of their own
 * and can be aborted; the others answer at once, which takes about a millisecond per 10,000 characters: what may be longer
 * than a screenful belongs to `Async`. Texts longer than TEXT_LENGTH_MAX UTF-16 units are refused (`bad_token`) unread.
 */
export interface Tokenizer {
  readonly vocabSize: number
  /** Ids that end an answer. */
  readonly stopTokens: readonly number[]
  /** Without `special`, text never becomes a control token, whatever it contains; with it, it may, and the beginning and end tokens that the model wants are added. */
  encode(text: string, options?: { special?: boolean }): Uint32Array
  encodeAsync(text: string, options?: { special?: boolean; signal?: AbortSignal }): Promise<Uint32Array>
  /**
   * The model's chat template with the generation prompt. Control tokens inside message contents stay text.
   * @throws EngineError `unsupported` without a template, `bad_template` for one that fails or takes more steps, characters
   * or text than a template needs.
   */
  encodeChat(messages: readonly ChatMessage[]): Uint32Array
  /**
   * The same on threads of its own; only the template of a small chat is rendered on the event loop.
   */
  encodeChatAsync(messages: readonly ChatMessage[], options?: { signal?: AbortSignal }): Promise<Uint32Array>
  /** The bytes that a token adds to a text; none for control tokens. */
  tokenBytes(token: number): Uint8Array
  /** Plainly the tokens' bytes as UTF-8; control tokens show nothing; the space that SentencePiece puts before a text goes. */
  decode(tokens: Uint32Array | readonly number[]): string
  decoder(): Decoder
}
