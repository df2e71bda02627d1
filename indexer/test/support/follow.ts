import type { Deployment } from '@aria/sdk/protocol'
import { pino } from 'pino'
import { publicClient } from '../../chain.ts'
import { changes } from '../../changes.ts'
import type { Database } from '../../db/open.ts'
import { type Cursor, ensureCursor } from '../../ingest/cursor.ts'
import { ingest } from '../../ingest/ingest.ts'
import { syncStep } from '../../ingest/sync.ts'

export const silent = pino({ level: 'silent' })

/** Steps until the index stands at the head, without timers: one call, one state. */
export async function catchUp(db: Database, rpcUrl: string, deployment: Deployment): Promise<Cursor> {
  const client = publicClient(rpcUrl)
  let cursor = await ensureCursor(db, client, deployment)
  for (;;) {
    const step = await syncStep({ db, client, deployment }, cursor)
    cursor = step.cursor
    if (step.removed === 0 && cursor.blockHash === step.head.hash) return cursor
  }
}

export function follower(db: Database, rpcUrl: string, deployment: Deployment) {
  return ingest({ db, client: publicClient(rpcUrl), deployment, changes: changes(), log: silent })
}
