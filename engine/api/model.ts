// Loading a model, and the object that owns it.
import { defaultKernels, defaultThreads, KERNELS, type KernelChoice, THREADS_MAX } from '../config.ts'
import { type LoadedVocabulary, vocabularyOf } from '../tokenizer/tokenizer.ts'
import type { Tokenizer } from '../tokenizer/types.ts'
import { EngineError, engineError } from './error.ts'
import { type ModelInfo, modelInfo } from './info.ts'
import {
  job,
  type NativeControl,
  type NativeGguf,
  type NativeModel,
  type NativeSession,
  native,
} from './native.ts'
import { checkServing, type ServingOptions, type ServingStats } from './serving.ts'
import { checkSessionOptions, copyPieces, openSession, type Session, type SessionOptions } from './session.ts'
import {
  checkDigestKey,
  checkTranscript,
  checkTranscripts,
  type Transcript,
  type Verdict,
  type VerifyManyOptions,
} from './verify.ts'

const PROGRESS_INTERVAL_MS = 50

export interface LoadOptions extends ServingOptions {
  kernels?: KernelChoice
  threads?: number
  signal?: AbortSignal
  /** Called with the loaded share, 0 to 1. */
  onProgress?: (share: number) => void
}

export interface Model {
  readonly info: ModelInfo
  readonly tokenizer: Tokenizer
  createSession(options?: SessionOptions): Session
  /**
   * A session from bytes that `Session.save` made with the same model file: it goes on with the same bits. They
   * must stay as they are until it is there. `maxTokens` is the saved one unless given. @throws EngineError `bad_session`, `context_full`, `busy`
   */
  restoreSession(bytes: Uint8Array, options?: SessionOptions): Promise<Session>
  stats(): ServingStats
  verify(transcript: Transcript, options?: VerifyManyOptions): Promise<Verdict>
  /** Verifies many transcripts in shared steps, one verdict each, in order; an error names its transcript. */
  verifyMany(transcripts: readonly Transcript[], options?: VerifyManyOptions): Promise<Verdict[]>
  close(): Promise<void>
}

function checkLoadOptions(kernels: string, threads: number): void {
  if (!KERNELS.some(name => name === kernels))
    throw new EngineError('no_cpu_support', `Kernels '${kernels}' do not exist; use ${KERNELS.join(', ')}.`)
  if (!Number.isInteger(threads) || threads < 1 || threads > THREADS_MAX)
    throw new EngineError(
      'bad_options',
      `Threads is ${threads}; an integer from 1 to ${THREADS_MAX} is expected.`,
    )
}

async function withProgress<T>(
  control: NativeControl,
  onProgress: LoadOptions['onProgress'],
  work: Promise<T>,
): Promise<T> {
  const timer = onProgress && setInterval(() => onProgress(control.progress()), PROGRESS_INTERVAL_MS)
  try {
    const result = await work
    onProgress?.(1)
    return result
  } finally {
    clearInterval(timer)
  }
}

/** Opens a file for as long as `use` needs it; what it reads stays, the mapping goes. */
export async function withGguf<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (gguf: NativeGguf) => Promise<T>,
): Promise<T> {
  if (path.includes('\0')) throw new EngineError('not_found', 'The path contains a NUL character.')
  const gguf = await job(signal, control => native().openGguf(path, control))
  try {
    return await use(gguf)
  } catch (error) {
    throw engineError(error)
  } finally {
    gguf.close()
  }
}

async function loadVocabulary(
  gguf: NativeGguf,
  rows: number,
  signal?: AbortSignal,
): Promise<LoadedVocabulary> {
  return vocabularyOf(await job(signal, control => gguf.tokenizer(rows, control)))
}

/** Vocabulary and metadata only; no weights stay in memory. */
export async function loadTokenizer(path: string): Promise<{ tokenizer: Tokenizer; info: ModelInfo }> {
  return withGguf(path, undefined, async gguf => {
    const info = modelInfo(path, gguf, { kernels: 'none', threads: 0 })
    return { tokenizer: (await loadVocabulary(gguf, info.vocabSize)).tokenizer, info }
  })
}

export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const { kernels = defaultKernels(), threads = defaultThreads(), signal, onProgress } = options
  checkLoadOptions(kernels, threads)
  const serving = checkServing(options)
  return withGguf(path, signal, async gguf => {
    const { tokenizer, pieces } = await loadVocabulary(gguf, gguf.config().vocabSize, signal) // first: it is the cheaper to refuse
    const raw = await job(signal, control =>
      withProgress(control, onProgress, gguf.load(kernels, threads, control, serving)),
    )
    raw.setVocabulary(pieces, Uint32Array.from(tokenizer.stopTokens))
    return openModel(
      raw,
      modelInfo(path, gguf, { kernels: raw.kernels(), threads: raw.threads() }),
      tokenizer,
    )
  })
}

function openModel(raw: NativeModel, info: ModelInfo, tokenizer: Tokenizer): Model {
  const sessions = new Set<Session>()
  const working = new Set<Promise<unknown>>()
  const stopTokens = Uint32Array.from(tokenizer.stopTokens)
  const closing = new AbortController()

  function checkOpen(): void {
    if (closing.signal.aborted) throw new EngineError('closed', 'The model is closed.')
  }

  function adopt(session: NativeSession): Session {
    const adopted = openSession({ native: session, onClose: closed => sessions.delete(closed) })
    sessions.add(adopted)
    return adopted
  }

  async function verifyAll(
    transcripts: readonly Transcript[],
    { signal, onProgress, key }: VerifyManyOptions,
  ): Promise<Verdict[]> {
    const signals = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
    const work = job(signals, control =>
      withProgress(control, onProgress, raw.verify(transcripts, stopTokens, key, control)),
    )
    working.add(work)
    try {
      return await work
    } finally {
      working.delete(work)
    }
  }

  return {
    info,
    tokenizer,
    createSession(options = {}) {
      checkOpen()
      const { maxTokens, shareKey, reserve } = checkSessionOptions(options, info.contextLength)
      try {
        return adopt(raw.createSession(maxTokens, stopTokens, shareKey, reserve))
      } catch (error) {
        throw engineError(error)
      }
    },
    async restoreSession(bytes, options = {}) {
      checkOpen()
      const { shareKey, reserve } = checkSessionOptions(options, info.contextLength)
      const maxTokens = options.maxTokens === undefined ? 0 : Math.min(options.maxTokens, info.contextLength)
      const pieces = await copyPieces(bytes, raw.sessionBytesMax())
      checkOpen()
      const work = job(closing.signal, () =>
        raw.restoreSession(pieces, maxTokens, stopTokens, shareKey, reserve),
      )
      working.add(work)
      try {
        const restored = await work
        if (!closing.signal.aborted) return adopt(restored)
        restored.close()
        throw new EngineError('closed', 'The model was closed while a session was restored.')
      } finally {
        working.delete(work)
      }
    },
    stats() {
      checkOpen()
      return raw.stats()
    },
    async verify(transcript, options = {}) {
      checkOpen()
      checkTranscript(transcript, info.contextLength)
      checkDigestKey(options.key)
      const [verdict] = await verifyAll([transcript], options)
      return verdict!
    },
    async verifyMany(transcripts, options = {}) {
      checkOpen()
      checkTranscripts(transcripts, info.contextLength)
      checkDigestKey(options.key)
      return verifyAll(transcripts, options)
    },
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      await Promise.allSettled([...working, ...[...sessions].map(session => session.close())])
      await raw.close()
    },
  }
}
