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

/**
 * The mean cosine over all positions and the share of positions with the same greedy token have goals. The lowest
 * cosine is shown beside them: where one implementation's rounding of activations is unlucky, one position is far off.
 */
export function agreementChecks(name: string, { positions, cosines, same }: Agreement, suffix = ''): Check[] {
  const mean = cosines.reduce((sum, value) => sum + value, 0) / positions
  const share = (100 * same) / positions
  const check = (kind: string, value: number, unit: string, goal: string | null, ok: boolean): Check => ({
    name: `parity.${name}.${kind}${suffix}`,
    value: Number.isFinite(value) ? Number(value.toFixed(6)) : 'not measured',
    unit,
    goal,
    ok: Number.isFinite(value) && ok,
  })
  return [
    check('cosine', mean, `mean of ${positions} positions`, `> ${COSINE_GOAL}`, mean > COSINE_GOAL),
    check('cosine_lowest', Math.min(...cosines), `lowest of ${positions} positions`, null, true),
    check('greedy', share, `% of ${positions} positions`, `>= ${GREEDY_GOAL}`, share >= GREEDY_GOAL),
  ]
}
