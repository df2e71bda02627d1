import { index } from 'drizzle-orm/pg-core'
import { address, wei, whole } from './columns.ts'
import { eventTable } from './event-table.ts'

const split = () => ({
  availabilityBps: whole('availability_bps'),
  workBps: whole('work_bps'),
  verificationBps: whole('verification_bps'),
  treasuryBps: whole('treasury_bps'),
  kappaBps: whole('kappa_bps'),
})

export const rewardsPoolOpened = eventTable('rewards_pool_opened', {
  epoch: whole('epoch'),
  emission: wei('emission'),
  ...split(),
})

export const rewardsClaimed = eventTable(
  'rewards_claimed',
  {
    epoch: whole('epoch'),
    operator: address('operator'),
    payout: address('payout'),
    availability: wei('availability'),
    work: wei('work'),
    verification: wei('verification'),
  },
  // One operator's rewards by epoch (queries/providers, queries/epochs) and open claims (auditor/keeper).
  table => [index('rewards_claimed_operator').on(table.operator, table.epoch)],
)

export const rewardsTreasuryPaid = eventTable('rewards_treasury_paid', {
  epoch: whole('epoch'),
  treasury: address('treasury'),
  amount: wei('amount'),
})

export const rewardsSplitChanged = eventTable('rewards_split_changed', split())
