import {
  type AriaError,
  type Deployment,
  epochAt,
  epochTimes,
  sumLeaf,
  sumRoot,
  toAriaError,
} from '@aria/sdk/protocol'
import type { AuditsReader } from '../chain/audits.ts'
import type { ChainClock } from '../chain/clock.ts'
import type { Outbox } from '../chain/outbox.ts'
import type { Log } from '../observe/log.ts'
import type { ReceiptStore, RootRecord } from '../payments/receipts.ts'

/** Jobs that end with the epoch still write their receipts; a second later the epoch is still. */
const SETTLE_SECONDS = 1
/** Transcripts stay this many epochs beyond the challenge window, for whoever asks at its very end. */
const KEEP_EPOCHS_EXTRA = 1

export interface RootsComponents {
  deployment: Deployment
  receipts: ReceiptStore
  audits: AuditsReader
  outbox: Pick<Outbox, 'send'>
  clock: Pick<ChainClock, 'nowSeconds'>
  log: Log
}

/** One beat of the epoch's bookkeeping: seal what ended, commit what is sealed, forget what nobody may ask for. */
export async function keepRoots(components: RootsComponents): Promise<void> {
  const { receipts, deployment, clock, log } = components
  const now = clock.nowSeconds()
  const running = epochAt(now - SETTLE_SECONDS, deployment)
  for (const epoch of receipts.unsealed(running)) seal(epoch, receipts, log)
  for (const root of receipts.sealedRoots()) await commit(root, components)
  const kept = epochAt(now - deployment.params.challengeSeconds, deployment) - KEEP_EPOCHS_EXTRA
  const forgotten = receipts.forgetTranscripts(kept)
  if (forgotten > 0) log.info({ before: kept, forgotten }, 'Transcripts deleted')
}

function seal(epoch: number, receipts: ReceiptStore, log: Log): void {
  const leaves = receipts.leaves(epoch)
  const { hash, sum } = sumRoot(leaves.map(leaf => sumLeaf(leaf.hash, leaf.tokens)))
  receipts.seal({ epoch, root: hash, count: leaves.length, tokens: sum })
  // Receipts without a single token give nothing to sample, and the contract takes no empty tree.
  if (sum === 0n) receipts.setRootState(epoch, 'missed')
  log.info({ epoch, count: leaves.length, tokens: sum }, 'Epoch sealed')
}

/**
 * Exactly once: what the chain has is not sent again, and an unknown outcome is asked for, not repeated. Only what is
 * final counts as committed, so a root that a reorganisation took back goes out again.
 */
async function commit(
  { epoch, root, count, tokens }: RootRecord,
  components: RootsComponents,
): Promise<void> {
  const { receipts, audits, outbox, deployment, clock, log } = components
  const isThere = async (epoch: number): Promise<boolean> => {
    const state = await audits.rootState(epoch)
    if (state === 'final') {
      receipts.setRootState(epoch, 'committed')
      log.info({ epoch, root }, 'Root committed')
    }
    return state !== 'none'
  }
  if (await isThere(epoch)) return
  if (clock.nowSeconds() >= epochTimes(epoch, deployment).commitRootUntil) {
    receipts.setRootState(epoch, 'missed')
    log.warn({ epoch, count }, 'Root missed its window: no work reward for this epoch')
    return
  }
  try {
    await outbox.send(`commit root of epoch ${epoch}`, audits.commitRoot(epoch, root, count, tokens))
    await isThere(epoch)
  } catch (thrown) {
    giveUpOrRetry(toAriaError(thrown), epoch, components)
  }
}

function giveUpOrRetry(error: AriaError, epoch: number, { receipts, log }: RootsComponents): void {
  if (error.code !== 'busy' && error.code !== 'chain_rejected') throw error
  // The stake counts from the epoch after it was made: before, the contract takes no root.
  if (error.facts['revert'] === 'NotProvider') receipts.setRootState(epoch, 'missed')
  log.debug({ epoch, reason: error.message }, 'Root not committed yet')
}
