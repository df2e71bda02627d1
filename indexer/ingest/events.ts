import { auditsAbi, beaconAbi, escrowAbi, modelsAbi, rewardsAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Abi } from 'viem'
import * as schema from '../db/schema/index.ts'

/** The contracts whose logs are mirrored; the token's transfers are not needed for anything shown. */
export type Source = 'escrow' | 'staking' | 'models' | 'beacon' | 'audits' | 'rewards'

interface Mirror {
  abi: Abi
  /** Event name → table. Events without a table (governance, cases) change nothing that is shown yet. */
  tables: Record<string, PgTable>
}

export const MIRRORS: Record<Source, Mirror> = {
  escrow: {
    abi: escrowAbi,
    tables: {
      Deposited: schema.escrowDeposited,
      Redeemed: schema.escrowRedeemed,
      Skipped: schema.escrowSkipped,
      Thawing: schema.escrowThawing,
      ThawCancelled: schema.escrowThawCancelled,
      Withdrawn: schema.escrowWithdrawn,
      Closed: schema.escrowClosed,
      Refunded: schema.escrowRefunded,
      PaidOut: schema.escrowPaidOut,
      FeesBurned: schema.escrowFeesBurned,
      FeeChanged: schema.escrowFeeChanged,
    },
  },
  staking: {
    abi: stakingAbi,
    tables: {
      Registered: schema.stakingRegistered,
      KeyRotated: schema.stakingKeyRotated,
      Staked: schema.stakingStaked,
      Unbonding: schema.stakingUnbonding,
      UnbondCancelled: schema.stakingUnbondCancelled,
      Withdrawn: schema.stakingWithdrawn,
      SlotOpened: schema.stakingSlotOpened,
      SlotClosed: schema.stakingSlotClosed,
      Slashed: schema.stakingSlashed,
      JailSet: schema.stakingJailSet,
    },
  },
  models: {
    abi: modelsAbi,
    tables: { ModelRegistered: schema.modelsModelRegistered, Rewardable: schema.modelsRewardable },
  },
  beacon: { abi: beaconAbi, tables: { Submitted: schema.beaconSubmitted } },
  audits: {
    abi: auditsAbi,
    tables: {
      RootCommitted: schema.auditsRootCommitted,
      AuditCommitted: schema.auditsAuditCommitted,
      Scored: schema.auditsScored,
      Finalized: schema.auditsFinalized,
    },
  },
  rewards: {
    abi: rewardsAbi,
    tables: {
      PoolOpened: schema.rewardsPoolOpened,
      Claimed: schema.rewardsClaimed,
      TreasuryPaid: schema.rewardsTreasuryPaid,
      SplitChanged: schema.rewardsSplitChanged,
    },
  },
}
