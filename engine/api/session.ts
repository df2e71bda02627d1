// A session as callers see it: one job at a time, closed once.
import { EngineError } from './error.ts'
import { job, type NativeControl, type NativeSession } from './native.ts'
import { checkSampling, type Sampling } from './sampling.ts'

export const DECODE_MAX = 4096 // tokens per call: callers pull small batches; this only bounds a mistake

export interface Session {
  /** Tokens in the sequence. */
  readonly position: number
  prefill(tokens: Uint32Array, options?: { signal?: AbortSignal }): Promise<void>
  /** Appends up to `count` tokens; fewer after a stop token, which is included. Then none until the next prefill. */
  decode(count: number, sampling: Sampling, seed: bigint): Promise<Uint32Array>
  /** Logits of the last position. */
  logits(): Promise<Float32Array>
  close(): Promise<void>
}

export function checkTokens(name: string, tokens: Uint32Array): void {
  if (!(tokens instanceof Uint32Array))
    throw new EngineError('bad_token', `The ${name} is not a Uint32Array.`)
}

export function openSession(native: NativeSession, onClose: (session: Session) => void): Session {
  let position = 0
  let running: Promise<unknown> | undefined
  let closed = false
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

  const session: Session = {
    get position() {
      return position
    },
    async prefill(tokens, options = {}) {
      checkTokens('prompt', tokens)
      position = await start(options.signal, control => native.prefill(tokens, control))
    },
    async decode(count, sampling, seed) {
      checkSampling(sampling, seed)
      if (!Number.isInteger(count) || count < 0 || count > DECODE_MAX)
        throw new EngineError(
          'bad_options',
          `Decode was asked for ${count} tokens; 0 to ${DECODE_MAX} are allowed per call.`,
        )
      const tokens = await start(undefined, control => native.decode(count, sampling, seed, control))
      position += tokens.length
      return tokens
    },
    logits: () => start(undefined, control => native.logits(control)),
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
