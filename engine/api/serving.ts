// How a loaded model serves many sessions at once: options, and what it counts.
import { defaultCacheBytes } from '../config.ts'
import { EngineError } from './error.ts'
import type { NativeServing } from './native.ts'

export interface ServingOptions {
  /** Bytes for keys and values of all sessions together. Default: a quarter of the machine's memory. */
  cacheBytes?: number
  /** Wanted length of a step in ms while somebody decodes: how long a prompt may hold up other answers. Default 50. */
  stepMs?: number
  /** Jobs of all sessions that may wait or run; one more is refused with `busy`. Default 1024. */
  maxQueued?: number
  /** `background` gives way to everything else on the machine. */
  priority?: 'normal' | 'background'
  /** Keeps each thread on a core of its own. Only for a machine that runs nothing else; Linux. */
  pin?: boolean
  /**
   * Whether answers draft what followed their newest tokens before, and keep what is drawn (SERVING.md). It changes speed
   * and nothing else. `auto`, the default, drafts where the weights are too large for caches.
   */
  speculation?: 'auto' | 'on' | 'off'
}

/** Counted since the model was loaded; pages are of 64 positions. */
export interface ServingStats {
  readonly steps: number
  /** Positions computed, in all steps. */
  readonly rows: number
  /** Of these, rows that were drafts, and drafts that were what the model drew. */
  readonly drafted: number
  readonly draftsKept: number
  /** Waiting or running. */
  readonly jobs: number
  readonly pageBytes: number
  readonly pages: number
  /** In use by sessions. */
  readonly pagesUsed: number
  /** Kept because a session with the same `shareKey` may ask for their tokens again. */
  readonly pagesIdle: number
  /** Set aside for sessions created with `reserve`. */
  readonly pagesReserved: number
  readonly pagesEvicted: number
  /** Positions that sessions did not have to compute. */
  readonly positionsShared: number
}

export const CACHE_BYTES_MAX = 2 ** 46 // more than any machine has; keeps the number exact on its way
export const STEP_MS_MAX = 60_000
const SPECULATION = ['auto', 'on', 'off'] as const
export const QUEUED_MAX = 65_536

function check(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new EngineError(
      'bad_options',
      `${name} is ${value}; an integer from ${least} to ${most} is expected.`,
    )
}

/** @throws EngineError `bad_options` */
export function checkServing({
  cacheBytes = defaultCacheBytes(),
  stepMs = 50,
  maxQueued = 1024,
  priority = 'normal',
  pin = false,
  speculation = 'auto',
}: ServingOptions): NativeServing {
  check('cacheBytes', cacheBytes, 1, CACHE_BYTES_MAX)
  check('stepMs', stepMs, 1, STEP_MS_MAX)
  check('maxQueued', maxQueued, 1, QUEUED_MAX)
  if (priority !== 'normal' && priority !== 'background')
    throw new EngineError('bad_options', `Priority is '${priority}'; use normal or background.`)
  if (!SPECULATION.some(name => name === speculation))
    throw new EngineError('bad_options', `Speculation is '${speculation}'; use ${SPECULATION.join(', ')}.`)
  return {
    ...{ cacheBytes, stepMs, maxQueued },
    ...{ background: priority === 'background', pin: pin === true, speculation },
  }
}
