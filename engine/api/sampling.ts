// Sampling settings as they travel in requests: integers only, so that both sides hash and compute the same.
import { EngineError } from './error.ts'

export interface Sampling {
  /** In 1/1000; 0 is greedy. */
  temperature: number
  /** 0 is off. */
  topK: number
  /** In 1/10000; 10000 is off. */
  topP: number
}

export const TEMPERATURE_MAX = 2000
export const TOP_K_MAX = 1000
export const TOP_P_MAX = 10_000
export const SEED_MAX = 2n ** 64n - 1n

export const GREEDY: Readonly<Sampling> = Object.freeze({ temperature: 0, topK: 0, topP: TOP_P_MAX })

/** Sampling from the usual fractions, rounded to the integers that are computed with. */
export function sampling({
  temperature = 0,
  topK = 0,
  topP = 1,
}: {
  temperature?: number
  topK?: number
  topP?: number
}): Sampling {
  const settings = { temperature: Math.round(temperature * 1000), topK, topP: Math.round(topP * TOP_P_MAX) }
  checkSampling(settings, 0n)
  return settings
}

function checkInteger(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new EngineError(
      'bad_sampling',
      `Sampling ${name} is ${value}; an integer from 0 to ${most} is expected.`,
    )
}

export function checkSampling(settings: Sampling, seed: bigint): void {
  checkInteger('temperature', settings.temperature, TEMPERATURE_MAX)
  checkInteger('topK', settings.topK, TOP_K_MAX)
  checkInteger('topP', settings.topP, TOP_P_MAX)
  if (typeof seed !== 'bigint' || seed < 0n || seed > SEED_MAX)
    throw new EngineError('bad_sampling', `Seed ${seed} is not a 64-bit unsigned bigint.`)
}
