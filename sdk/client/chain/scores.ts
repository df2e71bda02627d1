import type { PublicClient } from 'viem'
import { auditsAbi } from '../../protocol/abi/index.ts'
import { type Address, type Deployment, epochAt } from '../../protocol/index.ts'
import { REGISTRATIONS_MAX, SCORE_EPOCHS_MAX, SCORE_FRESH_MS } from '../limits.ts'
import { readChain } from './read.ts'

/** What auditors found about an operator's work, as the chain has it. */
export interface AuditScore {
  /** 0 to 100. */
  score: number
  epoch: number
}

/** The newest final score of an operator whose work was audited; undefined when there is none, or the chain is away. */
export interface Scores {
  of(operator: Address): Promise<AuditScore | undefined>
}

export interface ScoresComponents {
  publicClient: PublicClient
  deployment: Deployment
  nowMs: () => number
}

/** Cached: a score changes once an epoch. */
export function scores(components: ScoresComponents): Scores {
  const { nowMs } = components
  const cache = new Map<Address, { readAtMs: number; score: Promise<AuditScore | undefined> }>()

  return {
    of(operator) {
      const known = cache.get(operator)
      if (known !== undefined && nowMs() - known.readAtMs < SCORE_FRESH_MS) return known.score
      // Unknown is no objection: a choice must not wait for a chain that is away.
      const score = readScore(components, operator).catch(() => undefined)
      cache.delete(operator)
      cache.set(operator, { readAtMs: nowMs(), score })
      if (cache.size > REGISTRATIONS_MAX) cache.delete(cache.keys().next().value!)
      return score
    },
  }
}

async function readScore(
  { publicClient, deployment, nowMs }: ScoresComponents,
  operator: Address,
): Promise<AuditScore | undefined> {
  const current = epochAt(Math.trunc(nowMs() / 1000), deployment)
  const address = deployment.contracts.audits
  for (let epoch = current - 1; epoch >= Math.max(0, current - SCORE_EPOCHS_MAX); epoch--) {
    const args = [BigInt(epoch), operator] as const
    const { score, finalized, worked } = await readChain('resultOf', () =>
      publicClient.readContract({ address, abi: auditsAbi, functionName: 'resultOf', args }),
    )
    // Whoever had no work in an epoch was not audited in it: that says nothing.
    if (finalized && worked) return { score, epoch }
  }
  return undefined
}
