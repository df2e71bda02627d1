import { AriaError, type Deployment } from '@aria/sdk/protocol'
import { tokenAbi } from '@aria/sdk/protocol/abi'
import { and, desc, eq, gt, lt, lte } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Log, PublicClient } from 'viem'
import { blockAt, chainError, type Head } from '../chain.ts'
import type { Database, Transaction } from '../db/open.ts'
import { blocks, ingestCursor } from '../db/schema/index.ts'
import { type Cursor, startFresh } from './cursor.ts'
import { type DecodedEvent, decodeLog, sourceAddresses } from './decode.ts'

/** Blocks per getLogs: public RPC services refuse more. */
export const RANGE_BLOCKS_MAX = 1_000
/** Every block this close to the head is kept, so that a reorg of up to this depth is undone exactly. */
export const REORG_WINDOW_BLOCKS = 128
/** Rows of one insert statement; PostgreSQL takes 65,535 parameters. */
const INSERT_ROWS_MAX = 1_000

export interface SyncComponents {
  db: Database
  client: PublicClient
  deployment: Deployment
}

export interface SyncStep {
  cursor: Cursor
  head: Head
  /** Names of the events that were added. */
  events: string[]
  /** Blocks that a reorg removed. */
  removed: number
}

/** One step towards the head: undo a reorg if there was one, then add one range of blocks. */
export async function syncStep(components: SyncComponents, cursor: Cursor): Promise<SyncStep> {
  const { db, client } = components
  const head = await blockAt(client, 'latest')
  if (head === undefined) throw new AriaError('chain_unreachable', 'The chain has no latest block.')

  const fork = await forkBelow(components, cursor, head)
  if (fork !== undefined) {
    const moved = await movedTo(components, cursor, fork, head)
    await db.transaction(tx => rewind(tx, moved))
    return { cursor: moved, head, events: [], removed: cursor.blockNumber - fork.number }
  }
  // The endpoint may be behind an earlier one; its blocks agree with ours, so there is nothing to do.
  if (head.number <= cursor.blockNumber) return { cursor, head, events: [], removed: 0 }

  const to = Math.min(head.number, cursor.blockNumber + RANGE_BLOCKS_MAX)
  const range = await fetchRange(components, cursor, to, head.number)
  const moved = await movedTo(components, cursor, range.blocks.at(-1)!, head)
  await db.transaction(tx => append(tx, range, moved))
  return { cursor: moved, head, events: range.events.map(event => event.name), removed: 0 }
}

/** The balance is asked at the very block, so that the sums over events must equal it to the wei. */
async function movedTo(
  { client, deployment: { contracts } }: SyncComponents,
  cursor: Cursor,
  to: Head,
  head: Head,
): Promise<Cursor> {
  const escrowBalance = await client
    .readContract({
      address: contracts.token,
      abi: tokenAbi,
      functionName: 'balanceOf',
      args: [contracts.escrow],
      blockNumber: BigInt(to.number),
    })
    .catch(thrown => {
      if (to.number < head.number) return null
      throw chainError(thrown)
    })
  return { ...cursor, blockNumber: to.number, blockHash: to.hash, blockTime: to.time, escrowBalance }
}

/** The newest stored block that is still on the chain, when the cursor's own is not; undefined without a reorg. */
async function forkBelow(components: SyncComponents, cursor: Cursor, head: Head): Promise<Head | undefined> {
  if (await isCanonical(components.client, cursor, head)) return undefined
  const from = Math.min(cursor.blockNumber, head.number)
  const stored = await components.db
    .select()
    .from(blocks)
    .where(and(lte(blocks.number, from), gt(blocks.number, from - REORG_WINDOW_BLOCKS)))
    .orderBy(desc(blocks.number))
  for (const block of stored) {
    const onChain = await blockAt(components.client, block.number)
    if (onChain?.hash !== block.hash) continue
    // An endpoint that is behind agrees with us as far as it goes: no reorg.
    return block.number === head.number ? undefined : block
  }
  throw startFresh(`No block of the last ${REORG_WINDOW_BLOCKS} is on the chain any more.`, {
    cursor: cursor.blockNumber,
    head: head.number,
  })
}

async function isCanonical(client: PublicClient, cursor: Cursor, head: Head): Promise<boolean> {
  if (head.number < cursor.blockNumber) return false
  const onChain = head.number === cursor.blockNumber ? head : await blockAt(client, cursor.blockNumber)
  return onChain?.hash === cursor.blockHash
}

async function rewind(tx: Transaction, cursor: Cursor): Promise<void> {
  await tx.delete(blocks).where(gt(blocks.number, cursor.blockNumber))
  await tx.update(ingestCursor).set(cursor).where(eq(ingestCursor.only, true))
}

interface Range {
  /** Ascending; the last one is where the cursor goes. */
  blocks: Head[]
  events: DecodedEvent[]
}

async function fetchRange(
  { client, deployment }: SyncComponents,
  cursor: Cursor,
  to: number,
  head: number,
): Promise<Range> {
  const from = cursor.blockNumber + 1
  const sources = sourceAddresses(deployment)
  const logs = await minedLogs(client, [...sources.keys()] as `0x${string}`[], from, to)
  const wanted = new Set(logs.map(log => Number(log.blockNumber))).add(to)
  for (let number = Math.max(from, head - REORG_WINDOW_BLOCKS); number <= to; number++) wanted.add(number)

  const numbers = [...wanted].sort((a, b) => a - b)
  const fetched = await Promise.all(numbers.map(number => blockAt(client, number)))
  const found = fetched.filter(block => block !== undefined)
  expectOneChain(cursor, found, numbers, logs)
  const events = logs.map(log => decodeLog(log, sources)).filter(event => event !== undefined)
  return { blocks: found, events }
}

type MinedLog = Log<bigint, number, false>

async function minedLogs(
  client: PublicClient,
  address: `0x${string}`[],
  from: number,
  to: number,
): Promise<MinedLog[]> {
  try {
    return await client.getLogs({ address, fromBlock: BigInt(from), toBlock: BigInt(to) })
  } catch (thrown) {
    throw chainError(thrown)
  }
}

/** Logs and blocks come from several answers: they count only if all of them saw the same chain, ours continued. */
function expectOneChain(cursor: Cursor, found: Head[], numbers: number[], logs: MinedLog[]): void {
  const hashes = new Map(found.map(block => [block.number, block.hash]))
  hashes.set(cursor.blockNumber, cursor.blockHash)
  const linked = found.every(
    ({ number, parentHash }) => (hashes.get(number - 1) ?? parentHash) === parentHash,
  )
  const placed = logs.every(log => hashes.get(Number(log.blockNumber)) === log.blockHash)
  if (found.length === numbers.length && linked && placed) return
  throw new AriaError('chain_rejected', 'The chain moved while it was read.', {
    facts: { from: cursor.blockNumber + 1, to: numbers.at(-1) },
    hint: 'Nothing to do: the range is read again.',
  })
}

async function append(tx: Transaction, range: Range, cursor: Cursor): Promise<void> {
  const counts = new Map<number, number>()
  for (const { row } of range.events) {
    const number = row['blockNumber'] as number
    counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  const rows = range.blocks.map(block => ({ ...block, eventCount: counts.get(block.number) ?? 0 }))
  await insertAll(tx, blocks, rows)
  for (const [table, events] of byTable(range.events)) await insertAll(tx, table, events)
  await tx.update(ingestCursor).set(cursor).where(eq(ingestCursor.only, true))
  // Empty blocks behind the window are never asked for again.
  const old = lt(blocks.number, cursor.blockNumber - REORG_WINDOW_BLOCKS)
  await tx.delete(blocks).where(and(old, eq(blocks.eventCount, 0)))
}

function byTable(events: readonly DecodedEvent[]): Map<PgTable, Record<string, unknown>[]> {
  const rows = new Map<PgTable, Record<string, unknown>[]>()
  for (const { table, row } of events) {
    const list = rows.get(table)
    if (list === undefined) rows.set(table, [row])
    else list.push(row)
  }
  return rows
}

async function insertAll(tx: Transaction, table: PgTable, rows: Record<string, unknown>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += INSERT_ROWS_MAX) {
    await tx.insert(table).values(rows.slice(at, at + INSERT_ROWS_MAX) as never)
  }
}
