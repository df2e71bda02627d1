import { AriaError } from '@aria/sdk/protocol'

/** The last line of defence of every command: one clear sentence, the one change that would help, exit code 1. */
export function reportFailure(thrown: unknown, isVerbose: boolean): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const hint = error instanceof AriaError ? error.hint : ENGINE_HINTS[codeOf(error)]
  process.stderr.write(`aria: ${error.message}\n`)
  if (hint !== undefined) process.stderr.write(`  → ${hint}\n`)
  if (isVerbose) process.stderr.write(`${details(error)}\n`)
  process.exitCode = 1
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}

/** The engine knows nothing of commands, so what to do about its errors is said here. */
const ENGINE_HINTS: Record<string, string> = {
  not_found: 'Give the path of a GGUF file, such as models/aria-1.gguf.',
  bad_gguf: 'The file is damaged or no GGUF: download it again.',
  unsupported: 'Only models that can be computed exactly are run; "aria models show" says what a file holds.',
  not_built: 'Build the engine with "npm run build".',
  no_cpu_support: 'Unset ARIA_KERNELS, or choose kernels that this CPU has.',
  context_full: 'Shorten the prompt or ask for fewer tokens.',
  out_of_memory: 'Close other programs or choose a smaller model.',
}

function details(error: Error): string {
  const facts = error instanceof AriaError ? error.facts : {}
  const shown = JSON.stringify({ code: codeOf(error) || undefined, ...facts }, (_key, value) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  const causes: string[] = []
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    causes.push(`caused by ${cause.stack}`)
  return [shown, error.stack, ...causes].join('\n')
}

/** One line of JSON on stdout, for programs that started this one. */
export function printJson(value: object): void {
  const text = JSON.stringify(value, (_key, field) => (typeof field === 'bigint' ? field.toString() : field))
  process.stdout.write(`${text}\n`)
}
