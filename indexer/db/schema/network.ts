import type { Hex } from '@aria/sdk/protocol'
import { bigint, index, integer, jsonb, pgTable, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { address, hex, wei, whole } from './columns.ts'

/** The newest valid offer heard from each node; expired ones stay, so that an offline provider keeps its face. */
export const offers = pgTable(
  'offers',
  {
    node: address('node').primaryKey(),
    operator: address('operator'),
    payee: address('payee'),
    modelId: hex('model_id'),
    engineMajor: whole('engine_major'),
    pricePerInputToken: wei('price_per_input_token'),
    pricePerOutputToken: wei('price_per_output_token'),
    contextMax: whole('context_max'),
    slotsFree: whole('slots_free'),
    sequence: wei('sequence'),
    validUntil: whole('valid_until'),
    multiaddrs: jsonb('multiaddrs').$type<string[]>().notNull(),
    signature: hex('signature'),
  },
  // The face of one provider (queries/providers).
  table => [index('offers_operator').on(table.operator)],
)

/**
 * Public receipts as providers publish them, each checked before it is stored (network/receipt-checks).
 * `rootEpoch`, `root` and `leafIndex` are set once that root on chain was recomputed from the receipts to equality.
 */
export const receipts = pgTable(
  'receipts',
  {
    receiptHash: hex('receipt_hash').primaryKey(),
    operator: address('operator'),
    node: address('node'),
    /** The provider's own numbering: the order of the leaves in its trees. */
    feedCursor: wei('feed_cursor'),
    requestId: hex('request_id'),
    requestHash: hex('request_hash'),
    channelId: hex('channel_id'),
    modelId: hex('model_id'),
    promptCommit: hex('prompt_commit'),
    outputRoot: hex('output_root'),
    samplingHash: hex('sampling_hash'),
    seed: wei('seed'),
    temperature: integer('temperature').notNull(),
    topK: integer('top_k').notNull(),
    topP: integer('top_p').notNull(),
    inputTokens: whole('input_tokens'),
    outputTokens: whole('output_tokens'),
    maxOutputTokens: whole('max_output_tokens'),
    base: wei('base'),
    cumulativeDue: wei('cumulative_due'),
    finish: smallint('finish').notNull(),
    startedAt: whole('started_at'),
    endedAt: whole('ended_at'),
    epoch: whole('epoch'),
    receiptSignature: hex('receipt_signature'),
    requestSignature: hex('request_signature'),
    rootEpoch: bigint('root_epoch', { mode: 'number' }),
    root: text('root').$type<Hex>(),
    leafIndex: integer('leaf_index'),
  },
  table => [
    // One receipt per request: a second one is the provider contradicting itself.
    uniqueIndex('receipts_request').on(table.requestHash),
    // Leaves of one provider's epoch in order (network/roots).
    index('receipts_leaves').on(table.operator, table.feedCursor),
    // The request list, newest first, of everyone and of one provider (queries/requests).
    index('receipts_newest').on(table.endedAt, table.receiptHash),
    index('receipts_operator_newest').on(table.operator, table.endedAt, table.receiptHash),
    // Tokens and requests per epoch (queries/series, queries/epochs).
    index('receipts_epoch').on(table.epoch, table.operator),
  ],
)

/** How far each provider's receipts were read, and what was wrong with it, if anything. */
export const receiptFeeds = pgTable('receipt_feeds', {
  node: address('node').primaryKey(),
  cursor: wei('cursor'),
  checkedAt: whole('checked_at'),
  /** Receipts that this provider published and that failed a check: recorded, never counted. */
  refused: integer('refused').notNull(),
  failure: text('failure'),
})
