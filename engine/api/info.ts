// What is known about a model without running it.
import type { NativeGguf } from './native.ts'

export interface TensorInfo {
  readonly name: string
  readonly type: string
  readonly shape: readonly number[]
  /** Index into the model's `files`. */
  readonly part: number
  /** From the start of that file. */
  readonly offset: number
  readonly rowBytes: number
  readonly rows: number
  readonly bytes: number
}

export interface ModelInfo {
  readonly path: string
  readonly architecture: string
  readonly name: string
  readonly contextLength: number
  readonly vocabSize: number
  readonly layers: number
  readonly width: number
  readonly ffnWidth: number
  readonly heads: number
  /** The kernel table in use; 'none' when only the vocabulary was loaded. */
  readonly kernels: string
  readonly threads: number
  readonly tensors: readonly TensorInfo[]
  /** Paths: one, or all parts of a split model in order. */
  readonly files: readonly string[]
  /** Of all files together. */
  readonly fileBytes: number
}

export function modelInfo(
  path: string,
  gguf: NativeGguf,
  running: { kernels: string; threads: number },
): ModelInfo {
  return {
    path,
    ...gguf.config(),
    ...running,
    tensors: gguf.tensors(),
    files: gguf.paths(),
    fileBytes: gguf.bytes(),
  }
}
