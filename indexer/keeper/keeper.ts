import { type Deployment, epochAt } from '@aria/sdk/protocol'
import { auditsAbi, escrowAbi, rewardsAbi } from '@aria/sdk/protocol/abi'
import type { Logger } from 'pino'
import type { PublicClient } from 'viem'
import { chainError } from '../chain.ts'
import type { Database } from '../db/open.ts'
import { every, type Loop } from '../every.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { type Call, revertOf, type Wallet } from '../wallet.ts'
import { type Duty, dueClaims, dueScores } from './duties.ts'

const BEAT_MS = 1_000
/** Duties that are done or refused for good, remembered until the index shows them. */
const SETTLED_MAX = 1_024

export interface KeeperComponents {
  client: PublicClient
  db: Database
  deployment: Deployment
  ingest: Pick<Ingest, 'status' | 'now'>
  wallet: Wallet
  log: Logger
}

/** Does what anyone may do and somebody should: fixes scores, claims rewards for their owners, burns fees. */
export function keeper({ client, db, deployment, ingest, wallet, log }: KeeperComponents): Loop {
  const { contracts } = deployment
  const audits = { address: contracts.audits, abi: auditsAbi } as const
  const rewards = { address: contracts.rewards, abi: rewardsAbi } as const
  const escrow = { address: contracts.escrow, abi: escrowAbi } as const
  const settled = new Set<string>()
  let burnedEpoch = -1

  async function beat(): Promise<void> {
    if (ingest.status.lagBlocks !== 0) return
    const now = ingest.now()
    for (const duty of await dueScores(db, deployment, now)) await perform('finalize', audits, duty)
    for (const duty of await dueClaims(db, deployment, now)) await perform('claim', rewards, duty)
    await burn(epochAt(now, deployment))
  }

  async function perform(
    functionName: 'finalize' | 'claim',
    contract: Pick<Call, 'address' | 'abi'>,
    { epoch, operator }: Duty,
  ): Promise<void> {
    const name = `${functionName} ${epoch} ${operator}`
    if (settled.has(name)) return
    try {
      await wallet.send({ ...contract, functionName, args: [BigInt(epoch), operator] })
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

  /** Once an epoch is often enough: burning is bookkeeping, the fee left the market when it was charged. */
  async function burn(epoch: number): Promise<void> {
    if (epoch === burnedEpoch) return
    const unburned = await client.readContract({ ...escrow, functionName: 'unburned' })
    if (unburned > 0n) {
      await wallet.send({ ...escrow, functionName: 'burnFees', args: [] })
      log.info({ epoch, amount: unburned.toString() }, 'Fees burned')
    }
    burnedEpoch = epoch
  }

  return every(BEAT_MS, beat, thrown => {
    const error = chainError(thrown)
    const level = error.code === 'chain_unreachable' ? 'debug' : 'error'
    log[level]({ code: error.code, ...error.facts, reason: error.message }, 'Keeper beat failed')
  })
}
