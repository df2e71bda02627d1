// A session as callers see it: one job at a time, closed once.
import { EngineError } from './error.ts'
import { job, type NativeControl, type NativeSession } from './native.ts'
import { checkSampling, type Sampling } from './sampling.ts'

export const DECODE_MAX = 4096 // tokens per call: callers pull small batches; this only bounds a mistake
export const SHARE_KEY_MAX = 256 // characters: a hash or an address, not a document

export interface SessionOptions {
  /** At most the model's context, which is the default. */
  maxTokens?: number
  /**
   * Sessions with the same key share the computed pages of equal prompt beginnings, also after they have closed. Without a
   * key nothing is shared. Results are the same bits either way, but a shared prefix is faster, which tells: use one key
   * per client.
   */
  shareKey?: string
  /** Sets cache aside for `maxTokens` now, so that no later call finds it full; `busy` when there is not enough. */
  reserve?: boolean
}

export interface DecodeOptions {
  /** Where in the sequence the answer begins; by default at the end of the latest prefill. For answers begun elsewhere. */
  answerStart?: number
}

export interface TokenLogprob {
  token: number
  logprob: number
}

export interface Draw extends TokenLogprob {
  /** The likeliest tokens, best first. */
  top: TokenLogprob[]
}

export interface Session {
  /** Tokens in the sequence. */
  readonly position: number
  /** Appends tokens; after an error the sequence is as it was. `busy` when the cache is in use by other sessions. */
  prefill(tokens: Uint32Array, options?: { signal?: AbortSignal }): Promise<void>
  /** Appends up to `count` tokens; fewer after a stop token, which is included. Then none until the next prefill. */
  decode(count: number, sampling: Sampling, seed: bigint, options?: DecodeOptions): Promise<Uint32Array>
  /** The same, with each token's log-probability and those of the `sampling.logprobs` likeliest (SPEC.md, section 5). */
  decodeDraws(count: number, sampling: Sampling, seed: bigint, options?: DecodeOptions): Promise<Draw[]>
  /** Logits of the last position. */
  logits(): Promise<Float32Array>
  /** The session as bytes for `Model.restoreSession`: about the size of its part of the cache. */
  save(): Promise<Uint8Array>
  close(): Promise<void>
}

export function checkTokens(name: string, tokens: Uint32Array): void {
  if (!(tokens instanceof Uint32Array))
    throw new EngineError('bad_token', `The ${name} is not a Uint32Array.`)
}

/** @throws EngineError `bad_options` */
export function checkSessionOptions(
  { maxTokens, shareKey = '', reserve = false }: SessionOptions,
  contextLength: number,
): Required<SessionOptions> {
  const most = maxTokens ?? contextLength
  if (!Number.isInteger(most) || most < 1)
    throw new EngineError('bad_options', `maxTokens is ${maxTokens}; a positive integer is expected.`)
  if (typeof shareKey !== 'string' || shareKey.length > SHARE_KEY_MAX)
    throw new EngineError(
      'bad_options',
      `shareKey is no string of at most ${SHARE_KEY_MAX} characters; hash what is longer.`,
    )
  return { maxTokens: Math.min(most, contextLength), shareKey, reserve: reserve === true }
}

const PIECE_BYTES = 1 << 20 // copied in a fraction of a millisecond

let lastPiece: Promise<void> = Promise.resolve()

/** A turn of the event loop for one piece: many restored sessions take theirs one after the other. */
function turnForPiece(): Promise<void> {
  lastPiece = lastPiece.then(() => new Promise(resolve => setImmediate(resolve)))
  return lastPiece
}

/** A private copy, made in pieces between which the event loop turns. @throws EngineError `bad_session` */
export async function copyPieces(bytes: Uint8Array, most: number): Promise<Uint8Array[]> {
  if (!(bytes instanceof Uint8Array))
    throw new EngineError('bad_session', 'The saved session is no Uint8Array.')
  if (bytes.length > most)
    throw new EngineError(
      'bad_session',
      `The saved session has ${bytes.length} bytes; this model's have at most ${most}.`,
    )
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    await turnForPiece()
    pieces.push(bytes.slice(at, at + PIECE_BYTES))
  }
  return pieces
}

export interface OpenSession {
  native: NativeSession
  onClose: (session: Session) => void
}

export function openSession({ native, onClose }: OpenSession): Session {
  const maxTokens = native.maxTokens()
  let position = native.length()
  let running: Promise<unknown> | undefined
  let closed = false
  let prepared: string | undefined
  const closing = new AbortController()

  async function start<T>(
    signal: AbortSignal | undefined,
    work: (control: NativeControl) => Promise<T>,
  ): Promise<T> {
    if (closed) throw new EngineError('closed', 'The session is closed.')
    if (running) throw new EngineError('busy', 'The session runs another job; await it first.')
    const signals = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
    const current = job(signals, work)
    running = current
    try {
      return await current
    } finally {
      running = undefined
    }
  }

  /** Before a decode: compiling a large grammar among the steps would hold up every other session. */
  async function prepare({ grammar }: Sampling, control: NativeControl): Promise<void> {
    if (grammar === undefined || grammar === prepared) return
    await native.prepareGrammar(grammar, control)
    prepared = grammar
  }

  function checkDecode(count: number, sampling: Sampling, seed: bigint, answerStart?: number): void {
    checkSampling(sampling, seed)
    if (!Number.isInteger(count) || count < 0 || count > DECODE_MAX)
      throw new EngineError(
        'bad_options',
        `Decode was asked for ${count} tokens; 0 to ${DECODE_MAX} are allowed per call.`,
      )
    if (
      answerStart !== undefined &&
      (!Number.isInteger(answerStart) || answerStart < 0 || answerStart > position)
    )
      throw new EngineError(
        'bad_options',
        `answerStart is ${answerStart}; the session holds ${position} tokens.`,
      )
  }

  const session: Session = {
    get position() {
      return position
    },
    async prefill(tokens, options = {}) {
      checkTokens('prompt', tokens)
      if (tokens.length > maxTokens)
        // Refused here as well: copying a gigabyte would hold up the event loop.
        throw new EngineError(
          'context_full',
          `The prompt has ${tokens.length} tokens; the session holds at most ${maxTokens}.`,
        )
      position = await start(options.signal, control => native.prefill(tokens, control))
    },
    async decode(count, sampling, seed, { answerStart } = {}) {
      checkDecode(count, sampling, seed, answerStart)
      const tokens = await start(undefined, async control => {
        await prepare(sampling, control)
        return native.decode(count, sampling, seed, answerStart, control)
      })
      position += tokens.length
      return tokens
    },
    async decodeDraws(count, sampling, seed, { answerStart } = {}) {
      checkDecode(count, sampling, seed, answerStart)
      const draws = await start(undefined, async control => {
        await prepare(sampling, control)
        return native.decodeDraws(count, { logprobs: 0, ...sampling }, seed, answerStart, control)
      })
      position += draws.length
      return draws
    },
    logits: () => start(undefined, control => native.logits(control)),
    save: () => start(undefined, control => native.save(control)),
    async close() {
      if (closed) return
      closed = true
      closing.abort()
      await running?.catch(() => {}) // the job's own caller sees its error
      native.close()
      onClose(session)
    },
  }
  return session
}
