import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { VerifyCheck } from './verify-receipt.ts'

export interface VerifyReport {
  ok: boolean
  checks: VerifyCheck[]
  machine: string
  commit: string
}

export function verifyReport(checks: VerifyCheck[]): VerifyReport {
  const [cpu] = cpus()
  const machine = `${cpu?.model.trim() ?? process.arch}, ${cpus().length} cores, ${process.platform}`
  return { ok: checks.every(({ ok }) => ok), checks, machine, commit: commit() }
}

/** An installed copy has no git history: then the commit is honestly unknown. */
function commit(): string {
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  try {
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore']
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd, encoding: 'utf8', stdio }).trim()
  } catch {
    return 'unknown'
  }
}

const SHOWN_MAX = 24

/** For people: what was promised, and at the end the one word that matters. */
export function formatReport({ ok, checks }: VerifyReport): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.map(check => {
    const detail = check.ok ? short(check.value) : `${check.value}, expected ${check.goal} (${check.unit})`
    return `  ${check.ok ? '✓' : '✗'} ${check.name.padEnd(width)}  ${detail}`
  })
  const verdict = ok ? 'match: the answer is what this model gives' : 'MISMATCH: do not trust this answer'
  return `${lines.join('\n')}\n\n  ${verdict}\n`
}

const short = (text: string) => (text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`)
