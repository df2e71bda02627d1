import type { Hex } from '@aria/sdk/protocol'
import { PARKED_MAX, PARKED_PER_CLIENT_MAX, PARKED_TOKENS_MAX, RESUME_MS } from './limits.ts'

/** A job whose client may come back for it on another stream. */
export interface ResumableJob {
  requestHash: Hex
  channel: Hex
  /** The libp2p peer that ordered it: nobody else may ask for it. */
  peer: string
  /** Payer and signer. */
  client: string
  /** Prompt and output that it holds in memory. */
  tokens(): number
  /** Nobody is waited for any longer: the job ends as it stands. */
  giveUp(): void
  /** Resolves when the channel is free again. */
  released: Promise<void>
}

/** All running jobs, and of those the ones that lost their stream, in a bounded ring. */
export interface Resumables<J extends ResumableJob = ResumableJob> {
  add(job: J): void
  remove(job: J): void
  /** The stream was lost: waits for another one, and makes room by giving up whoever waits longest. */
  park(job: J): void
  unpark(job: J): void
  /** Undefined for another peer's job too: who asks learns nothing of it. */
  find(requestHash: Hex, peer: string): J | undefined
  /** The peer that lost a stream asks for something new on the same channel: it does not come back for the old job. */
  abandon(channel: Hex, peer: string): Promise<void>
  parked(): number
}

export interface ResumablesInit {
  holdMs?: number
  parkedMax?: number
  parkedPerClientMax?: number
  tokensMax?: number
}

export function resumables<J extends ResumableJob>({
  holdMs = RESUME_MS,
  parkedMax = PARKED_MAX,
  parkedPerClientMax = PARKED_PER_CLIENT_MAX,
  tokensMax = PARKED_TOKENS_MAX,
}: ResumablesInit = {}): Resumables<J> {
  const all = new Map<Hex, J>()
  /** Oldest first. */
  const parked = new Map<J, NodeJS.Timeout>()

  const unpark = (job: J) => {
    clearTimeout(parked.get(job))
    parked.delete(job)
  }
  const giveUp = (job: J) => {
    unpark(job)
    job.giveUp()
  }
  const waiting = () => [...parked.keys()]
  const tokens = () => waiting().reduce((sum, job) => sum + job.tokens(), 0)
  const ofClient = ({ client }: J) => waiting().filter(other => other.client === client)

  return {
    add: job => void all.set(job.requestHash, job),
    remove(job) {
      unpark(job)
      all.delete(job.requestHash)
    },
    park(job) {
      unpark(job)
      for (let own = ofClient(job); own.length >= parkedPerClientMax; own = ofClient(job)) giveUp(own[0]!)
      while (parked.size >= parkedMax || (parked.size > 0 && tokens() + job.tokens() > tokensMax)) {
        giveUp(waiting()[0]!)
      }
      parked.set(
        job,
        setTimeout(() => giveUp(job), holdMs),
      )
    },
    unpark,
    find(requestHash, peer) {
      const job = all.get(requestHash)
      return job?.peer === peer ? job : undefined
    },
    async abandon(channel, peer) {
      const job = waiting().find(one => one.channel === channel && one.peer === peer)
      if (job === undefined) return
      giveUp(job)
      await job.released
    },
    parked: () => parked.size,
  }
}
