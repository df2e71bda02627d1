/** A stranger that opens a stream must say what it wants. */
export const FIRST_FRAME_TIMEOUT_MS = 10_000
/** A channel's state on chain is read anew after this; a thaw takes a day, so seconds decide nothing. */
export const VIEW_AGE_MS_MAX = 2_000
/** How long a quote binds us; the request must arrive within. */
export const QUOTE_SECONDS = 30
/** One frame to a peer that does not read. */
export const WRITE_TIMEOUT_MS = 10_000
/** At the paid edge: how long the next voucher may take. */
export const VOUCHER_TIMEOUT_MS = 10_000
/** After the receipt: how long the client's acknowledgement may take. */
export const ACK_TIMEOUT_MS = 5_000
/** A refused peer may still read our reason before the stream is reset; what it sends meanwhile is thrown away. */
export const LINGER_MS = 1_000
export const LINGER_FRAMES_MAX = 16
/** A reader sees no difference between a steady flow and a word or two this often. */
export const CHUNK_MS = 150
export const STEP_TOKENS_MAX = 16
/** Streams of one connection, and of all peers together: each holds at most one prompt (about 256 KiB). */
export const STREAMS_PER_CONNECTION_MAX = 64
export const STREAMS_MAX = 512
/** Quotes for one peer: far more than an honest gateway asks, far less than a flood. */
export const QUOTES_PER_SECOND = 64
export const QUOTES_BURST = 256
export const QUOTE_PEERS_MAX = 4_096
/** Vouchers in one job beyond what its checkpoints can ask for are spam. */
export const VOUCHERS_EXTRA_MAX = 8
/** How long a client may take to come back for a stream that it lost (protocol: disconnect). */
export const RESUME_MS = 120_000
/** Coming back may cost us a prefill each time. */
export const RESUMES_MAX = 4
/** Jobs that wait for their clients: together, of one client (a channel each), and what they hold (16 MiB). */
export const PARKED_MAX = 128
export const PARKED_PER_CLIENT_MAX = 8
export const PARKED_TOKENS_MAX = 4_194_304
