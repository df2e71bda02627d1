import { index, smallint } from 'drizzle-orm/pg-core'
import { address, wei, whole } from './columns.ts'
import { eventTable } from './event-table.ts'

/** Staking.Kind */
export const KIND = { provider: 1, verifier: 2 } as const

export const stakingRegistered = eventTable(
  'staking_registered',
  {
    operator: address('operator'),
    kind: smallint('kind').notNull(),
    node: address('node'),
    payout: address('payout'),
  },
  table => [
    // The operator behind a peer (network/known-nodes).
    index('staking_registered_node').on(table.node),
    // One provider's page (queries/providers).
    index('staking_registered_operator').on(table.operator),
  ],
)

export const stakingKeyRotated = eventTable(
  'staking_key_rotated',
  { operator: address('operator'), oldNode: address('old_node'), newNode: address('new_node') },
  // Which key was liable when (network/known-nodes).
  table => [index('staking_key_rotated_operator').on(table.operator)],
)

export const stakingStaked = eventTable(
  'staking_staked',
  {
    operator: address('operator'),
    amount: wei('amount'),
    stake: wei('stake'),
    fromEpoch: whole('from_epoch'),
  },
  // The history that adds up to an operator's stake (queries/stakes).
  table => [index('staking_staked_operator').on(table.operator)],
)

export const stakingUnbonding = eventTable('staking_unbonding', {
  operator: address('operator'),
  amount: wei('amount'),
  unbonding: wei('unbonding'),
  unbondEnd: whole('unbond_end'),
})

export const stakingUnbondCancelled = eventTable('staking_unbond_cancelled', {
  operator: address('operator'),
  amount: wei('amount'),
  stake: wei('stake'),
})

export const stakingWithdrawn = eventTable('staking_withdrawn', {
  operator: address('operator'),
  to: address('to'),
  amount: wei('amount'),
})

export const stakingSlotOpened = eventTable('staking_slot_opened', {
  index: whole('slot'),
  operator: address('operator'),
  fromEpoch: whole('from_epoch'),
})

export const stakingSlotClosed = eventTable('staking_slot_closed', {
  index: whole('slot'),
  operator: address('operator'),
  untilEpoch: whole('until_epoch'),
})

export const stakingSlashed = eventTable('staking_slashed', {
  operator: address('operator'),
  reason: smallint('reason').notNull(),
  amount: wei('amount'),
  burned: wei('burned'),
  bounty: wei('bounty'),
})

export const stakingJailSet = eventTable('staking_jail_set', {
  operator: address('operator'),
  until: whole('until'),
})
