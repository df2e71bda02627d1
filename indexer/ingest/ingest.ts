import { setTimeout as sleep } from 'node:timers/promises'
import { type AriaError, epochAt } from '@aria/sdk/protocol'
import type { Logger } from 'pino'
import type { ChangeEvent } from '../api/types.ts'
import { chainError, type Head } from '../chain.ts'
import type { Changes } from '../changes.ts'
import { type Cursor, ensureCursor } from './cursor.ts'
import { type SyncComponents, type SyncStep, syncStep } from './sync.ts'

/** A block of a local chain takes a second; a dashboard should not wait a second one. */
export const POLL_MS = 500
const BACKOFF_MS_MAX = 15_000

export interface IngestStatus {
  head: Head | undefined
  cursor: Cursor | undefined
  /** Blocks behind the head; null while the chain does not answer. */
  lagBlocks: number | null
  failure: AriaError | undefined
}

export interface Ingest {
  readonly status: IngestStatus
  /** Chain time now, in seconds: the head's, moved on by the time since it was seen. */
  now(): number
  start(): void
  stop(): Promise<void>
  /** Rejects with `wrong_chain` when this database can never follow that chain; otherwise stays pending until stop. */
  readonly done: Promise<void>
}

export interface IngestComponents extends SyncComponents {
  changes: Changes
  log: Logger
  nowMs?: () => number
}

/** Follows the chain until stopped. A dead RPC is waited for, never fatal. */
export function ingest(components: IngestComponents): Ingest {
  const { log, nowMs = Date.now } = components
  const status: IngestStatus = { head: undefined, cursor: undefined, lagBlocks: null, failure: undefined }
  const stopping = new AbortController()
  const finished = Promise.withResolvers<void>()
  let headSeenMs = 0
  let started = false

  async function advance(): Promise<boolean> {
    const cursor =
      status.cursor ?? (await ensureCursor(components.db, components.client, components.deployment))
    status.cursor = cursor
    const step = await syncStep(components, cursor)
    status.cursor = step.cursor
    if (step.head.hash !== status.head?.hash) headSeenMs = nowMs()
    status.head = step.head
    status.lagBlocks = Math.max(0, step.head.number - step.cursor.blockNumber)
    if (status.failure !== undefined) log.info({ lagBlocks: status.lagBlocks }, 'Chain answers again')
    status.failure = undefined
    if (step.removed > 0) log.warn({ blocks: step.removed, fork: step.cursor.blockNumber }, 'Reorg undone')
    announce(components, cursor, step)
    return status.lagBlocks > 0
  }

  async function follow(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      let waitMs = POLL_MS
      try {
        if (await advance()) waitMs = 0
        failures = 0
      } catch (thrown) {
        const error = chainError(thrown)
        if (error.code === 'wrong_chain') throw error
        waitMs = Math.min(POLL_MS * 2 ** failures++, BACKOFF_MS_MAX)
        if (status.failure === undefined) log.warn({ code: error.code, ...error.facts }, error.message)
        status.failure = error
        if (error.code === 'chain_unreachable') status.lagBlocks = null
      }
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  return {
    status,
    now: () => {
      if (status.head === undefined) return Math.floor(nowMs() / 1000)
      return status.head.time + Math.floor((nowMs() - headSeenMs) / 1000)
    },
    start() {
      started = true
      follow().then(finished.resolve, finished.reject)
    },
    async stop() {
      stopping.abort()
      if (started) await finished.promise.catch(() => {})
    },
    done: finished.promise,
  }
}

const KIND_OF: Record<string, ChangeEvent['kind']> = {
  Redeemed: 'redeemed',
  RootCommitted: 'epoch',
  Scored: 'audit',
  Finalized: 'audit',
  Claimed: 'reward',
}

/** One notice per kind and step: the dashboard refetches, so more would only repeat. */
function announce({ changes, deployment }: IngestComponents, before: Cursor, step: SyncStep): void {
  const { cursor, events, removed } = step
  if (cursor.blockHash === before.blockHash) return
  const kinds = new Set(events.map(name => KIND_OF[name]).filter(kind => kind !== undefined))
  if (epochAt(before.blockTime, deployment) !== epochAt(cursor.blockTime, deployment)) kinds.add('epoch')
  if (removed > 0) for (const kind of Object.values(KIND_OF)) kinds.add(kind)
  for (const kind of kinds.add('block'))
    changes.publish({ kind, block: cursor.blockNumber, time: cursor.blockTime })
}
