import { type Address, type EpochTimes, epochAt, epochTimes } from '@aria/sdk/protocol'
import { chainError } from '../chain.ts'
import { every, type Loop } from '../every.ts'
import { revertOf, type Wallet } from '../wallet.ts'
import { type DecideComponents, decide, type EpochMemory, epochMemory } from './decide.ts'
import { type Round, readRound } from './rounds.ts'

/** A local audit window is seconds long. */
const BEAT_MS = 1_000
/** Epochs whose windows may be open at once; a day's epoch has one. */
const OPEN_EPOCHS_MAX = 8

export interface AuditorComponents extends DecideComponents {
  /** Signs with the verifier's node key. */
  wallet: Wallet
}

/** One verifier: samples, re-executes, commits and reveals, epoch after epoch. */
export function auditor(components: AuditorComponents): Loop {
  const { contract, deployment, ingest, wallet, log, db } = components
  /** What is known to be on chain, so that a beat with nothing to do asks nothing. */
  const finished = { commit: new Set<number>(), reveal: new Set<number>() }
  const memories = new Map<number, EpochMemory>()
  let verifier: Address | undefined
  let warned = false

  async function beat(signal: AbortSignal): Promise<void> {
    if (ingest.status.cursor === undefined) return
    verifier ??= await contract.operatorOf(wallet.address)
    if (verifier === undefined) {
      if (!warned) log.warn({ node: wallet.address }, 'This auditor key is not registered in Staking yet')
      warned = true
      return
    }
    for (const epoch of openEpochs()) await step(verifier, epoch, signal)
  }

  function openEpochs(): number[] {
    const now = ingest.now()
    const newest = epochAt(now, deployment) - 1
    const epochs = Array.from({ length: OPEN_EPOCHS_MAX }, (_, at) => newest - at)
    return epochs.filter(epoch => {
      const times = epochTimes(epoch, deployment)
      return epoch >= 0 && now >= times.randAt && now < times.revealUntil
    })
  }

  async function step(verifier: Address, epoch: number, signal: AbortSignal): Promise<void> {
    const times = epochTimes(epoch, deployment)
    if (finished.reveal.has(epoch) || (finished.commit.has(epoch) && ingest.now() < times.commitAuditUntil))
      return
    const known = await readRound(db, verifier, epoch)
    if (ingest.now() < times.commitAuditUntil) {
      const round =
        known ?? (await decide(components, { verifier, epoch, times, memory: memoryOf(epoch), signal }))
      if (round !== undefined && ingest.now() >= times.commitAuditFrom) await commit(round, times)
    } else if (known !== undefined) await reveal(known)
  }

  function memoryOf(epoch: number): EpochMemory {
    const memory = memories.get(epoch) ?? epochMemory()
    memories.set(epoch, memory)
    if (memories.size > OPEN_EPOCHS_MAX) memories.delete(memories.keys().next().value!)
    return memory
  }

  async function commit({ verifier, epoch, commitment }: Round, times: EpochTimes): Promise<void> {
    const onChain = await contract.commitment(epoch, verifier)
    if (onChain === undefined) await contract.commit(wallet, epoch, commitment)
    else if (onChain !== commitment) {
      log.error(
        { epoch, verifier, until: times.commitAuditUntil },
        'Another process committed for this verifier',
      )
    }
    finished.commit.add(epoch)
    log.info({ epoch, verifier }, 'Audit committed')
  }

  async function reveal({ verifier, epoch, commitment, salt, rows }: Round): Promise<void> {
    const committed = (await contract.commitment(epoch, verifier)) === commitment
    if (!committed) log.warn({ epoch, verifier }, 'Audit missed its commit window')
    else if (!(await contract.isRevealed(epoch, verifier))) await contract.reveal(wallet, epoch, salt, rows)
    finished.reveal.add(epoch)
    if (committed) log.info({ epoch, verifier, rows: rows.length }, 'Audit revealed')
  }

  return every(BEAT_MS, beat, thrown => {
    const error = chainError(thrown)
    // The chain's clock lags ours by up to a block: the next beat is in time.
    const level = revertOf(error) === 'WindowClosed' || error.code === 'chain_unreachable' ? 'debug' : 'error'
    log[level]({ code: error.code, ...error.facts, reason: error.message }, 'Auditor beat failed')
  })
}
