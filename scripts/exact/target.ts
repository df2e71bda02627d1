// A place where the engine runs, as the exactness checks see it: every place answers the same requests.
import type { Transcript, Verdict } from '../../engine/api/verify.ts'
import type { ModelTrace } from '../../engine/wasm/engine.ts'

export interface TargetModel {
  trace(tokens: Uint32Array, chunk: number): Promise<ModelTrace>
  verify(transcript: Transcript): Promise<Verdict>
  close(): Promise<void>
}

export interface Target {
  /** What runs where, for the log. */
  readonly name: string
  /** Hashes of every kernel's answers on inputs that follow from the seed. */
  knownAnswers(seed: number): Promise<Record<string, string>>
  /** Opens the GGUF file at `path`. */
  open(path: string): Promise<TargetModel>
  close(): Promise<void>
}
