import type { Address } from '@aria/sdk/protocol'
import { eq } from 'drizzle-orm'
import type { Database } from '../db/open.ts'
import { blocks, stakingKeyRotated, stakingRegistered } from '../db/schema/index.ts'

/** A node key of an operator, and when it was in use: it answers for what it signed in [from, until). */
export interface NodeKey {
  operator: Address
  kind: number
  payout: Address
  node: Address
  from: number
  /** Undefined while in use. */
  until: number | undefined
}

/** Every node key ever registered, oldest first per operator. */
export async function nodeKeys(db: Database): Promise<NodeKey[]> {
  const [registered, rotated] = await Promise.all([
    db
      .select({ event: stakingRegistered, time: blocks.time })
      .from(stakingRegistered)
      .innerJoin(blocks, eq(blocks.number, stakingRegistered.blockNumber))
      .orderBy(stakingRegistered.blockNumber, stakingRegistered.logIndex),
    db
      .select({ event: stakingKeyRotated, time: blocks.time })
      .from(stakingKeyRotated)
      .innerJoin(blocks, eq(blocks.number, stakingKeyRotated.blockNumber))
      .orderBy(stakingKeyRotated.blockNumber, stakingKeyRotated.logIndex),
  ])
  const keys: NodeKey[] = []
  const current = new Map<Address, NodeKey>()
  const use = (key: NodeKey) => {
    keys.push(key)
    current.set(key.operator, key)
  }
  for (const { event, time } of registered) {
    const { operator, kind, payout, node } = event
    use({ operator, kind, payout, node, from: time, until: undefined })
  }
  for (const { event, time } of rotated) {
    const before = current.get(event.operator)
    if (before === undefined) continue // A rotation hangs on a registration of an earlier block.
    before.until = time
    use({ ...before, node: event.newNode, from: time, until: undefined })
  }
  return keys
}
