// What commands that start a market of their own to prove something share: a directory, Ctrl-C, and how they answer.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AriaError, toAriaError } from '@aria/sdk/protocol'
import type { Report } from './checks.ts'

export interface Proving {
  /** A new directory begins with this path. */
  prefix: string
  json: boolean
  /** Keeps the directory, for its logs. */
  keep: boolean
  say(text: string): void
}

/** What was wrong, without the stack of it; the exit code. */
export function failed(thrown: unknown, say: (text: string) => void): number {
  const { message, hint } = toAriaError(thrown)
  say(`✗ ${message}${hint ? `\n    ${hint}` : ''}`)
  return 1
}

/** Runs `prove` in a new directory until it answers or is interrupted, prints its report, and returns the exit code. */
export async function proving(
  { prefix, json, keep, say }: Proving,
  prove: (dataDir: string, signal: AbortSignal) => Promise<Report>,
): Promise<number> {
  const dataDir = mkdtempSync(prefix)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupt.abort(new AriaError('cancelled', 'Interrupted.')))
  try {
    const answer = await prove(dataDir, interrupt.signal)
    if (json) process.stdout.write(`${JSON.stringify(answer)}\n`)
    else
      for (const { ok, name, value, unit, goal } of answer.checks)
        process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} ${value} ${unit}${goal ? ` (${goal})` : ''}\n`)
    return answer.ok ? 0 : 1
  } catch (thrown) {
    failed(thrown, say)
    const { code, message } = toAriaError(thrown)
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, checks: [], error: { code, message } })}\n`)
    return interrupt.signal.aborted ? 130 : 1
  } finally {
    if (keep) say(`Logs: ${join(dataDir, 'logs')}`)
    else rmSync(dataDir, { recursive: true, force: true })
  }
}
