// The engine as one WebAssembly module, for browsers and for Node: it imports neither Node nor the addon. It computes on
// the caller's thread, so a page runs it in a worker.
import { EngineError, engineError } from '../api/error.ts'
import { checkSampling } from '../api/sampling.ts'
import type { Transcript, Verdict } from '../api/verify.ts'
import { knownRequest, traceRequest, verifyRequest } from './request.ts'

export { EngineError, type EngineErrorCode } from '../api/error.ts'
export type { Sampling } from '../api/sampling.ts'
export type { Transcript, Verdict } from '../api/verify.ts'

/** `wasm` is the vector table; `scalar`, the specification, is for tests. */
export type WasmKernels = 'auto' | 'wasm' | 'scalar'

/** What a model computes on the way, as hashes: src/session/trace.h says of what. */
export interface ModelTrace {
  readonly kernels: string
  readonly layers: readonly string[]
  readonly logits: string
}

export interface WasmModelInfo {
  readonly architecture: string
  readonly name: string
  readonly kernels: string
  readonly layers: number
  readonly width: number
  readonly vocabulary: number
  readonly context: number
  /** Tokens that end an answer. */
  readonly stops: readonly number[]
}

export interface WasmModel {
  readonly info: WasmModelInfo
  /** The same verdict as the native engine's. Throws an EngineError for a transcript that cannot be computed. */
  verify(transcript: Transcript): Verdict
  /** Hashes of what the model computes for the tokens, `chunk` of them (1 to 64) per step. */
  trace(tokens: Uint32Array, chunk?: number): ModelTrace
  /** Lets go of the model's memory. */
  close(): void
}

export interface WasmEngine {
  /**
   * Opens a whole GGUF file, which is copied. Each model has its own memory, at most 4 GB, twice the file while it opens.
   * Throws an EngineError: `bad_gguf`, `unsupported`, `out_of_memory`, `kernel_mismatch`.
   */
  openModel(file: ArrayBuffer | Uint8Array, options?: { kernels?: WasmKernels }): WasmModel
  /** Hashes of every kernel's answers, for tests that compare tables. */
  knownAnswers(kernels: WasmKernels, seed: number): Record<string, string>
}

interface Exports {
  readonly memory: WebAssembly.Memory
  _initialize(): void
  allocate(bytes: number): number
  release(address: number): void
  open(file: number, size: number, kernels: number): number
  answer(request: number, size: number): number
}

const EXPORTS = ['memory', '_initialize', 'allocate', 'release', 'open', 'answer'] as const

/** `source` is the module's bytes, or where to fetch them: wasm/aria-engine.wasm of this package. */
export async function loadWasmEngine(source: BufferSource | URL | string): Promise<WasmEngine> {
  const bytes = typeof source === 'string' || source instanceof URL ? await download(source) : source
  const module = await WebAssembly.compile(bytes).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EngineError('no_cpu_support', `The WebAssembly engine does not compile here: ${reason}`, {
      cause,
    })
  })
  return {
    openModel: (file, { kernels = 'auto' } = {}) => openModel(module, file, kernels),
    knownAnswers(kernels, seed) {
      const { answers } = ask(instantiate(module), knownRequest(kernels, seed)) as {
        answers: Record<string, string>
      }
      return answers
    },
  }
}

async function download(url: URL | string): Promise<ArrayBuffer> {
  const response = await fetch(url)
  if (response.ok) return response.arrayBuffer()
  throw new EngineError(
    response.status === 404 ? 'not_found' : 'io',
    `The WebAssembly engine at ${url} answered with HTTP status ${response.status}.`,
  )
}

function openModel(
  module: WebAssembly.Module,
  file: ArrayBuffer | Uint8Array,
  kernels: WasmKernels,
): WasmModel {
  let exports: Exports | undefined = instantiate(module)
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file)
  const info = parse(
    withBytes(exports, bytes, (address, size) => {
      const name = new TextEncoder().encode(`${kernels}\0`)
      return withBytes(exports!, name, text => exports!.open(address, size, text))
    }),
    exports,
  ) as WasmModelInfo

  function request(text: string): unknown {
    if (!exports) throw new EngineError('closed', 'The model is closed.')
    return ask(exports, text)
  }
  return {
    info,
    verify(transcript) {
      const { prompt, output, sampling, seed } = transcript
      for (const [name, tokens] of Object.entries({ prompt, output }))
        if (!(tokens instanceof Uint32Array))
          throw new EngineError('bad_token', `The ${name} is not a Uint32Array.`)
      checkSampling(sampling, seed)
      return request(verifyRequest(transcript)) as Verdict
    },
    trace: (tokens, chunk) => request(traceRequest(tokens, chunk)) as ModelTrace,
    close() {
      exports = undefined
    },
  }
}

/** A fresh instance: its memory goes when nothing refers to it any more. */
function instantiate(module: WebAssembly.Module): Exports {
  let memory: WebAssembly.Memory | undefined
  const known: Record<string, (...values: never[]) => number> = {
    emscripten_notify_memory_growth: () => 0,
    // (clock, precision, address): the time in nanoseconds, for the scheduler's pace. No result depends on it.
    clock_time_get(_clock: number, _precision: bigint, address: number) {
      const nanoseconds = BigInt(Math.round(performance.now() * 1e6))
      new DataView(memory!.buffer).setBigUint64(address >>> 0, nanoseconds, true)
      return 0
    },
  }
  const imports: Record<string, Record<string, (...values: never[]) => number>> = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {}
    imports[from][name] = known[name] ?? (() => NO_SYSTEM)
  }
  const { exports } = new WebAssembly.Instance(module, imports)
  for (const name of EXPORTS)
    if (!(name in exports))
      throw new EngineError(
        'bad_options',
        `The WebAssembly module has no '${name}': it is not this engine's.`,
      )
  const engine = exports as unknown as Exports
  memory = engine.memory
  engine._initialize()
  return engine
}

const NO_SYSTEM = 52 // ENOSYS of the WebAssembly system interface: there are no files, and no system else

/** Runs `use` with a copy of the bytes in the module's memory. */
function withBytes(
  exports: Exports,
  bytes: Uint8Array,
  use: (address: number, size: number) => number,
): number {
  const address = exports.allocate(Math.max(1, bytes.length)) >>> 0
  if (address === 0)
    throw new EngineError('out_of_memory', `WebAssembly has no room for ${bytes.length} bytes.`)
  new Uint8Array(exports.memory.buffer).set(bytes, address)
  const result = use(address, bytes.length)
  exports.release(address)
  return result
}

const ask = (exports: Exports, request: string): unknown =>
  parse(
    withBytes(exports, new TextEncoder().encode(request), (address, size) => exports.answer(address, size)),
    exports,
  )

/** The JSON at an address, or the error that it holds. */
function parse(address: number, exports: Exports): unknown {
  const memory = new Uint8Array(exports.memory.buffer)
  const start = address >>> 0
  const json = JSON.parse(new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start))))
  if ('error' in json)
    throw engineError(Object.assign(new Error(json.error.message), { code: json.error.code }))
  return json
}
