import type { Hex } from '@aria/sdk/protocol'
import { boolean, index, integer, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core'
import { address, hex, whole } from './columns.ts'

export interface AuditRow {
  provider: Hex
  score: number
  /** Tokens per second that the audited receipts prove, at most 255. */
  capacity: number
  digest: Hex
}

/** What one of our verifiers will reveal. Durable before its commitment is sent, so that a restart can reveal. */
export const auditorRounds = pgTable(
  'auditor_rounds',
  {
    verifier: address('verifier'),
    epoch: whole('epoch'),
    salt: hex('salt'),
    rows: jsonb('rows').$type<AuditRow[]>().notNull(),
    commitment: hex('commitment'),
  },
  table => [primaryKey({ columns: [table.verifier, table.epoch] })],
)

/** One verifier's verdict on one provider's epoch, with what led to it. */
export const auditorVerdicts = pgTable(
  'auditor_verdicts',
  {
    verifier: address('verifier'),
    epoch: whole('epoch'),
    provider: address('provider'),
    score: smallint('score').notNull(),
    capacity: smallint('capacity').notNull(),
    digest: hex('digest'),
    sampled: integer('sampled').notNull(),
    passed: integer('passed').notNull(),
    failed: integer('failed').notNull(),
    /** First reason of a failure, in words. */
    reason: text('reason'),
    decidedAt: whole('decided_at'),
  },
  table => [
    primaryKey({ columns: [table.verifier, table.epoch, table.provider] }),
    // The newest verdicts, of everyone and on one provider (queries/audits).
    index('auditor_verdicts_epoch').on(table.epoch, table.provider, table.verifier),
    index('auditor_verdicts_provider').on(table.provider, table.epoch, table.verifier),
  ],
)

/** One re-executed receipt. */
export const auditorSamples = pgTable(
  'auditor_samples',
  {
    verifier: address('verifier'),
    receiptHash: hex('receipt_hash'),
    epoch: whole('epoch'),
    provider: address('provider'),
    passed: boolean('passed').notNull(),
    reason: text('reason'),
  },
  table => [
    primaryKey({ columns: [table.verifier, table.receiptHash] }),
    // The audit state of a listed request (queries/requests).
    index('auditor_samples_receipt').on(table.receiptHash),
  ],
)
