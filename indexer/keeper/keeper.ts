import { type Deployment, epochAt, epochTimes } from '@aria/sdk/protocol'
import { auditsAbi, escrowAbi, rewardsAbi } from '@aria/sdk/protocol/abi'
import type { Logger } from 'pino'
import { chainError } from '../chain.ts'
import type { Database } from '../db/open.ts'
import { every, type Loop } from '../every.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { type Call, revertOf, type Wallet } from '../wallet.ts'
import { type Duty, dueClaims, duePayees, dueScores, rootOf } from './duties.ts'

const BEAT_MS = 1_000
/** Fees are burned in this last part of an epoch: long enough for a transaction each, late enough to miss few. */
const BURN_SHARE = 0.25
/** Duties that are done or refused for good, remembered until the index shows them. */
const SETTLED_MAX = 1_024

export interface KeeperComponents {
  db: Database
  deployment: Deployment
  ingest: Pick<Ingest, 'status' | 'now'>
  wallet: Wallet
  log: Logger
}

/** Does what anyone may do and somebody should: fixes scores, claims rewards for their owners, burns fees. */
export function keeper({ db, deployment, ingest, wallet, log }: KeeperComponents): Loop {
  const { contracts } = deployment
  const audits = { address: contracts.audits, abi: auditsAbi } as const
  const rewards = { address: contracts.rewards, abi: rewardsAbi } as const
  const escrow = { address: contracts.escrow, abi: escrowAbi } as const
  const settled = new Set<string>()
  let burnedEpoch = -1

  async function beat(): Promise<void> {
    if (ingest.status.lagBlocks !== 0) return
    const now = ingest.now()
    for (const duty of await dueScores(db, deployment, now)) {
      await perform('finalize', audits, duty, [await rootOf(db, duty)])
    }
    for (const duty of await dueClaims(db, deployment, now)) await perform('claim', rewards, duty, [])
    await burn(now)
  }

  async function perform(
    functionName: 'finalize' | 'claim',
    contract: Pick<Call, 'address' | 'abi'>,
    { epoch, operator }: Duty,
    rest: readonly unknown[],
  ): Promise<void> {
    const name = `${functionName} ${epoch} ${operator}`
    if (settled.has(name)) return
    try {
      await wallet.send({ ...contract, functionName, args: [BigInt(epoch), operator, ...rest] })
      log.info({ epoch, operator }, functionName === 'claim' ? 'Reward claimed' : 'Score finalized')
    } catch (thrown) {
      const revert = revertOf(thrown)
      if (revert === undefined) throw thrown
      // The clock: a beat later it fits. Everything else stays as it is (somebody was faster, nothing to claim).
      if (revert === 'WindowClosed' || revert === 'ClaimsClosed') return
      log.debug({ epoch, operator, revert }, `Nothing to ${functionName}`)
    }
    if (settled.size >= SETTLED_MAX) settled.clear()
    settled.add(name)
  }

  /** Once an epoch, near its end: fees count for the work reward of the epoch in which they are burned. */
  async function burn(now: number): Promise<void> {
    const epoch = epochAt(now, deployment)
    const { start, end } = epochTimes(epoch, deployment)
    if (epoch === burnedEpoch || now < end - (end - start) * BURN_SHARE) return
    for (const payee of await duePayees(db)) {
      try {
        await wallet.send({ ...escrow, functionName: 'burnFees', args: [payee] })
        log.info({ epoch, payee }, 'Fees burned')
      } catch (thrown) {
        if (revertOf(thrown) === undefined) throw thrown
        log.debug({ epoch, payee }, 'Somebody else burned these fees')
      }
    }
    burnedEpoch = epoch
  }

  return every(BEAT_MS, beat, thrown => {
    const error = chainError(thrown)
    const level = error.code === 'chain_unreachable' ? 'debug' : 'error'
    log[level]({ code: error.code, ...error.facts, reason: error.message }, 'Keeper beat failed')
  })
}
