import { boolean, index, integer, numeric, pgTable } from 'drizzle-orm/pg-core'
import { address, hex, whole } from './columns.ts'

/**
 * Blocks that carry our events, and every block of the recent window so that a reorg is seen.
 * Every event row hangs on its block: undoing a reorg is `delete from blocks where number > $1`.
 */
export const blocks = pgTable(
  'blocks',
  {
    number: whole('number').primaryKey(),
    hash: hex('hash'),
    parentHash: hex('parent_hash'),
    time: whole('time'),
    eventCount: integer('event_count').notNull(),
  },
  // blocks_time: the block range of an epoch (queries/series, queries/epochs).
  table => [index('blocks_time').on(table.time)],
)

/** One row: which deployment this database mirrors, and how far. Moves in the same transaction as the events. */
export const ingestCursor = pgTable('ingest_cursor', {
  only: boolean('only').primaryKey().default(true),
  chainId: whole('chain_id'),
  escrow: address('escrow'),
  genesis: whole('genesis'),
  /** Hash of the deployment's block: a chain that was started anew has another one. */
  deploymentHash: hex('deployment_hash'),
  blockNumber: whole('block_number'),
  blockHash: hex('block_hash'),
  blockTime: whole('block_time'),
  /** The token's own answer for the escrow at this block; null while catching up on an endpoint without history. */
  escrowBalance: numeric('escrow_balance', { precision: 78, scale: 0, mode: 'bigint' }),
})
