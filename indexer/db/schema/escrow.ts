import { index, smallint } from 'drizzle-orm/pg-core'
import { address, hex, wei, whole } from './columns.ts'
import { eventTable } from './event-table.ts'

export const escrowDeposited = eventTable(
  'escrow_deposited',
  {
    id: hex('channel_id'),
    payer: address('payer'),
    payee: address('payee'),
    signer: address('signer'),
    salt: wei('salt'),
    amount: wei('amount'),
  },
  // The signer and payee behind a receipt's channel (network/receipt-checks).
  table => [index('escrow_deposited_channel').on(table.id)],
)

export const escrowRedeemed = eventTable(
  'escrow_redeemed',
  {
    id: hex('channel_id'),
    payee: address('payee'),
    claimed: wei('claimed'),
    delta: wei('delta'),
    fee: wei('fee'),
  },
  // What one provider earned, per epoch (queries/providers, queries/epochs).
  table => [index('escrow_redeemed_payee').on(table.payee)],
)

export const escrowSkipped = eventTable('escrow_skipped', {
  id: hex('channel_id'),
  reason: smallint('reason').notNull(),
})

export const escrowThawing = eventTable('escrow_thawing', {
  id: hex('channel_id'),
  thawEnd: whole('thaw_end'),
})

export const escrowThawCancelled = eventTable('escrow_thaw_cancelled', { id: hex('channel_id') })

export const escrowWithdrawn = eventTable('escrow_withdrawn', {
  id: hex('channel_id'),
  to: address('to'),
  amount: wei('amount'),
})

export const escrowClosed = eventTable('escrow_closed', {
  id: hex('channel_id'),
  payer: address('payer'),
  refund: wei('refund'),
})

export const escrowRefunded = eventTable('escrow_refunded', {
  payer: address('payer'),
  to: address('to'),
  amount: wei('amount'),
})

export const escrowPaidOut = eventTable(
  'escrow_paid_out',
  { payee: address('payee'), to: address('to'), amount: wei('amount') },
  // What one provider is still owed (queries/providers).
  table => [index('escrow_paid_out_payee').on(table.payee)],
)

export const escrowFeesBurned = eventTable(
  'escrow_fees_burned',
  { payee: address('payee'), epoch: whole('epoch'), amount: wei('amount'), rewardable: wei('rewardable') },
  // What is left to burn of one payee (keeper/duties).
  table => [index('escrow_fees_burned_payee').on(table.payee)],
)

export const escrowFeeChanged = eventTable('escrow_fee_changed', { feePpm: whole('fee_ppm') })
