import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'

/** One line of a measuring command's answer; `goal` is null where no figure was promised. */
export interface Check {
  name: string
  value: number | string
  unit: string
  goal: string | null
  ok: boolean
}

export interface Report {
  ok: boolean
  checks: Check[]
  machine: string
  commit: string
}

export function report(checks: Check[]): Report {
  const [cpu] = cpus()
  return {
    ok: checks.every(({ ok }) => ok),
    checks,
    machine: `${cpu?.model.trim() ?? process.arch}, ${cpus().length} cores, ${process.platform}`,
    commit: commit(),
  }
}

function commit(): string {
  try {
    const hash = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const dirty = execFileSync('git', ['status', '--porcelain'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return hash.trim() + (dirty === '' ? '' : '-dirty')
  } catch {
    return 'unknown'
  }
}

/** A measured value without a promised figure: present is enough. */
export function measured(name: string, value: number, unit: string): Check {
  return { name, value: round(value), unit, goal: null, ok: Number.isFinite(value) }
}

export function atLeast(name: string, value: number, goal: number, unit: string): Check {
  return { name, value: round(value), unit, goal: `>= ${goal}`, ok: value >= goal }
}

export function atMost(name: string, value: number, goal: number, unit: string): Check {
  return { name, value: round(value), unit, goal: `<= ${goal}`, ok: value <= goal }
}

export function exactly(name: string, value: number | bigint, goal: number | bigint, unit: string): Check {
  return { name, value: value.toString(), unit, goal: `= ${goal}`, ok: value === goal }
}

/** Four digits, or every digit of a large number; what could not be measured says so. */
function round(value: number): number | string {
  if (!Number.isFinite(value)) return 'not measured'
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
}

/** Sorted copy's value at share p (0..1), nearest rank; NaN when empty. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)] ?? Number.NaN
}
