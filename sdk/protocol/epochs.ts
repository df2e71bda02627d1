import type { Deployment } from './deployment.ts'

/** Where an epoch's windows lie, in seconds of chain time (Audits and Rewards use the same numbers). */
export interface EpochTimes {
  start: number
  end: number
  commitRootUntil: number
  randAt: number
  commitAuditFrom: number
  commitAuditUntil: number
  revealUntil: number
  finalizeUntil: number
  claimsFrom: number
}

export function epochAt(
  timeSeconds: number,
  { genesis, params }: Pick<Deployment, 'genesis' | 'params'>,
): number {
  return Math.floor((timeSeconds - genesis) / params.epochSeconds)
}

export function epochTimes(
  epoch: number,
  { genesis, params }: Pick<Deployment, 'genesis' | 'params'>,
): EpochTimes {
  const start = genesis + epoch * params.epochSeconds
  const end = start + params.epochSeconds
  return {
    start,
    end,
    commitRootUntil: end + params.commitRootSeconds,
    randAt: end + params.randAfterSeconds,
    commitAuditFrom: end + params.commitAuditFromSeconds,
    commitAuditUntil: end + params.commitAuditUntilSeconds,
    revealUntil: end + params.revealUntilSeconds,
    finalizeUntil: end + params.finalizeUntilSeconds,
    claimsFrom: end + params.claimsFromSeconds,
  }
}
