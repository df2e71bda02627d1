// The engine's only error class; callers switch on `code`.
export const ENGINE_ERROR_CODES = [
  'bad_gguf', // the file breaks its own rules; the text names tensor or key, offset and expectation
  'unsupported', // a sound file that this version does not compute
  'not_found',
  'io',
  'context_full',
  'bad_token',
  'bad_session', // saved bytes that are damaged, or of another model or version
  'bad_sampling',
  'bad_grammar', // not GBNF, without end, ambiguous beyond its limits; or a JSON schema that cannot become one
  'bad_template',
  'bad_options',
  'not_finite', // the model produced infinite or NaN logits
  'busy',
  'closed',
  'aborted',
  'kernel_mismatch', // this build or CPU would not agree with others
  'no_cpu_support',
  'not_built',
  'out_of_memory',
  'internal',
] as const
export type EngineErrorCode = (typeof ENGINE_ERROR_CODES)[number]

export class EngineError extends Error {
  readonly code: EngineErrorCode
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EngineError'
    this.code = code
  }
}

function codeOf(error: unknown): EngineErrorCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return ENGINE_ERROR_CODES.find(known => known === code) ?? 'internal'
}

/** An error from the addon as an EngineError. */
export function engineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return new EngineError(codeOf(error), error instanceof Error ? error.message : String(error), {
    cause: error,
  })
}
