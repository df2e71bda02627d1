// The addon's raw surface. Only this package sees it; its handles never leave.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { EngineError, engineError } from './error.ts'
import type { TensorInfo } from './info.ts'
import type { Sampling } from './sampling.ts'
import type { ServingStats } from './serving.ts'
import type { Transcript, Verdict } from './verify.ts'

/** Strings one after another, and where each ends. */
export interface PackedStrings {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
}
export interface NativeControl {
  cancel(): void
  progress(): number
}
export interface NativeDraw {
  token: number
  logprob: number
  top: { token: number; logprob: number }[]
}
export interface NativeSession {
  prefill(tokens: Uint32Array, control: NativeControl): Promise<number>
  /** Compiles the grammar of a decode to come on a thread of its own. */
  prepareGrammar(grammar: string, control: NativeControl): Promise<void>
  decode(
    count: number,
    sampling: Sampling,
    seed: bigint,
    answerStart: number | undefined,
    control: NativeControl,
  ): Promise<Uint32Array>
  decodeDraws(
    count: number,
    sampling: Sampling,
    seed: bigint,
    answerStart: number | undefined,
    control: NativeControl,
  ): Promise<NativeDraw[]>
  logits(control: NativeControl): Promise<Float32Array>
  save(control: NativeControl): Promise<Uint8Array>
  length(): number
  maxTokens(): number
  close(): void
}
export interface NativeModel {
  kernels(): string
  threads(): number
  stats(): ServingStats
  /** The tokens' byte strings, once, before sessions and verify. */
  setVocabulary(strings: PackedStrings, stopTokens: Uint32Array): void
  createSession(maxTokens: number, stopTokens: Uint32Array, shareKey: string, reserve: boolean): NativeSession
  restoreSession(
    pieces: Uint8Array[],
    maxTokens: number,
    stopTokens: Uint32Array,
    shareKey: string,
    reserve: boolean,
  ): Promise<NativeSession>
  sessionBytesMax(): number
  verify(
    transcripts: readonly Transcript[],
    stopTokens: Uint32Array,
    key: Uint8Array | undefined,
    control: NativeControl,
  ): Promise<Verdict[]>
  close(): Promise<void>
}
export interface NativeServing {
  cacheBytes: number
  stepMs: number
  maxQueued: number
  background: boolean
  pin: boolean
  speculation: 'auto' | 'on' | 'off'
}
export interface NativeConfig {
  architecture: string
  name: string
  contextLength: number
  vocabSize: number
  layers: number
  width: number
  ffnWidth: number
  heads: number
}
export interface TokenizerFacts {
  vocabSize: number
  stopTokens: Uint32Array
  /** Texts of the beginning and end tokens; empty without one. */
  bosText: string
  eosText: string
  chatTemplate?: string
}
export interface ProtectedContents {
  marker: number
  contents: string[]
}
/** With a control, a call runs on a thread of its own and can be cancelled. */
export interface NativeTokenizer {
  facts(): TokenizerFacts
  encode(text: string, special: boolean): Uint32Array
  encode(text: string, special: boolean, control: NativeControl): Promise<Uint32Array>
  encodeChat(text: string, marker: number): Uint32Array
  encodeChat(text: string, marker: number, control: NativeControl): Promise<Uint32Array>
  protect(contents: readonly string[]): ProtectedContents
  protect(contents: readonly string[], control: NativeControl): Promise<ProtectedContents>
  decode(tokens: Uint32Array, first: boolean): Uint8Array
  /** What each token adds to an answer. */
  pieces(): PackedStrings
}
export interface NativeGguf {
  tensors(): TensorInfo[]
  bytes(): number
  paths(): string[]
  header(): Uint8Array
  config(): NativeConfig
  close(): void
  tokenizer(rows: number, control: NativeControl): Promise<NativeTokenizer>
  load(kernels: string, threads: number, control: NativeControl, serving: NativeServing): Promise<NativeModel>
}
export interface Native {
  checkGrammar(grammar: string): void
  matchGrammar(grammar: string, bytes: Uint8Array): 0 | 1 | 2
  grammarMasks(
    grammar: string,
    strings: PackedStrings,
    stopTokens: Uint32Array,
    answer: Uint32Array,
  ): Uint8Array[]
  Control: new () => NativeControl
  openGguf(path: string, control: NativeControl): Promise<NativeGguf>
  keccak256(data: Uint8Array): Uint8Array
  threadProcessorMs(): number
  engineMajor: number
  draw(
    logits: Float32Array,
    sampling: Sampling,
    sequence: Uint32Array,
    answerStart: number,
    seed: bigint,
  ): NativeDraw
  knownAnswers(kernels: string, seed: number): Record<string, string>
  multiply(
    kernels: string,
    type: number,
    columns: number,
    rows: number,
    data: Uint8Array,
    input: Float32Array,
  ): { weights: Float32Array; product: Float32Array }
}

const ADDON = fileURLToPath(new URL('../build/aria-engine.node', import.meta.url))
let loaded: Native | undefined

export function native(): Native {
  if (loaded !== undefined) return loaded
  if (!existsSync(ADDON))
    throw new EngineError('not_built', 'The engine is not built yet. Build it with: npm run build -w engine')
  loaded = createRequire(import.meta.url)(ADDON) as Native
  return loaded
}

/** Runs a native job that `signal` can cancel; its errors become EngineErrors. */
export async function job<T>(
  signal: AbortSignal | undefined,
  start: (control: NativeControl) => Promise<T>,
): Promise<T> {
  if (signal?.aborted)
    throw new EngineError('aborted', 'The work was cancelled before it started.', { cause: signal.reason })
  const control = new (native().Control)()
  const cancel = (): void => control.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await start(control)
  } catch (error) {
    throw engineError(error)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}
