/** A chat of this size is far beyond any context that we serve. */
export const BODY_BYTES_MAX = 1024 * 1024
export const MESSAGES_MAX = 1024
export const STOPS_MAX = 4
export const STOP_CHARS_MAX = 256
/** Answers when the caller names no limit; a price limit as much as a length limit. */
export const OUTPUT_TOKENS_DEFAULT = 512
/** In 1/1000. Small 1-bit models answer best a little below OpenAI's default of 1. */
export const TEMPERATURE_DEFAULT = 700
/** Requests worked on at once, and waiting for their turn; more are told to come back. */
export const CONCURRENT_MAX = 64
export const WAITING_MAX = 256
export const RETRY_AFTER_SECONDS = 2
