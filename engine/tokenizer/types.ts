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

export interface Tokenizer {
  readonly vocabSize: number
  /** Ids that end an answer. */
  readonly stopTokens: readonly number[]
  /** Without `special`, text never becomes a control token, whatever it contains; with it, it may, and a beginning-of-text token is added where the model wants one. */
  encode(text: string, options?: { special?: boolean }): Uint32Array
  /** The model's chat template with the generation prompt. Control tokens inside message contents stay text. */
  encodeChat(messages: readonly ChatMessage[]): Uint32Array
  /** The bytes that a token adds to a text; none for control tokens. */
  tokenBytes(token: number): Uint8Array
  decode(tokens: Uint32Array | readonly number[]): string
  decoder(): Decoder
}
