// How far our logits agree with another implementation's, position by position.
import { argmax, cosine } from '../../engine/test/support/agreement.ts'
import type { Check } from '../checks.ts'

const COSINE_GOAL = 0.999
const GREEDY_GOAL = 95

/** Another implementation's answer at one position: its greedy token, and scores of some or all tokens. */
export interface Other {
  token: number
  tokens: readonly number[]
  scores: readonly number[]
}

export interface Agreement {
  readonly positions: number
  readonly cosines: readonly number[]
  readonly same: number
}

/** Scores are compared by the cosine about their means, so that logits and log-probabilities are alike. */
export function compare(ours: readonly Float32Array[], others: readonly Other[]): Agreement {
  const cosines = others.map(({ tokens, scores }, i) =>
    cosine(
      scores,
      tokens.map(token => ours[i]![token]!),
    ),
  )
  const same = others.filter(({ token }, i) => argmax(ours[i]!) === token).length
  return { positions: others.length, cosines, same }
}

export function join(agreements: readonly Agreement[]): Agreement {
  return {
    positions: agreements.reduce((sum, { positions }) => sum + positions, 0),
    cosines: agreements.flatMap(({ cosines }) => cosines),
    same: agreements.reduce((sum, { same }) => sum + same, 0),
  }
}

/** The lowest cosine of all positions must reach the goal, and the share of positions with the same greedy token. */
export function agreementChecks(name: string, { positions, cosines, same }: Agreement, suffix = ''): Check[] {
  const lowest = cosines.some(Number.isNaN) ? Number.NaN : Math.min(...cosines)
  const share = (100 * same) / positions
  return [
    {
      name: `parity.${name}.cosine${suffix}`,
      value: Number.isNaN(lowest) ? 'not measured' : Number(lowest.toFixed(6)),
      unit: `lowest of ${positions} positions`,
      goal: `> ${COSINE_GOAL}`,
      ok: lowest > COSINE_GOAL,
    },
    {
      name: `parity.${name}.greedy${suffix}`,
      value: Number(share.toFixed(2)),
      unit: '% of positions',
      goal: `>= ${GREEDY_GOAL}`,
      ok: share >= GREEDY_GOAL,
    },
  ]
}
