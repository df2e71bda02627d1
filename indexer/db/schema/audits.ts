import { boolean, index, smallint } from 'drizzle-orm/pg-core'
import { address, hex, wei, whole } from './columns.ts'
import { eventTable } from './event-table.ts'

export const auditsRootCommitted = eventTable(
  'audits_root_committed',
  {
    epoch: whole('epoch'),
    provider: address('provider'),
    root: hex('root'),
    tokens: wei('tokens'),
    count: whole('count'),
    model: hex('model'),
  },
  // Roots of one epoch (auditor/round) and of one provider (queries/epochs).
  table => [index('audits_root_committed_epoch').on(table.epoch, table.provider)],
)

export const auditsAuditCommitted = eventTable(
  'audits_audit_committed',
  { epoch: whole('epoch'), verifier: address('verifier'), commitment: hex('commitment') },
  // Whether a verifier committed in an epoch (queries/audits).
  table => [index('audits_audit_committed_epoch').on(table.epoch, table.verifier)],
)

export const auditsScored = eventTable(
  'audits_scored',
  {
    epoch: whole('epoch'),
    provider: address('provider'),
    verifier: address('verifier'),
    score: smallint('score').notNull(),
    capacity: smallint('capacity').notNull(),
    digest: hex('digest'),
  },
  table => [
    // Verdicts of one epoch (queries/audits, auditor/keeper).
    index('audits_scored_epoch').on(table.epoch, table.provider, table.verifier),
    // The newest verdicts on one provider (queries/audits).
    index('audits_scored_provider').on(table.provider, table.epoch, table.verifier),
  ],
)

export const auditsFinalized = eventTable(
  'audits_finalized',
  {
    epoch: whole('epoch'),
    provider: address('provider'),
    score: smallint('score').notNull(),
    carried: boolean('carried').notNull(),
    weight: wei('weight'),
    capacity: smallint('capacity').notNull(),
    worked: boolean('worked').notNull(),
  },
  // A provider's score by epoch, newest first (queries/providers, queries/epochs).
  table => [index('audits_finalized_provider').on(table.provider, table.epoch)],
)

export const beaconSubmitted = eventTable(
  'beacon_submitted',
  { round: wei('round'), value: hex('value') },
  // The randomness of an epoch's round (auditor/rand).
  table => [index('beacon_submitted_round').on(table.round)],
)
