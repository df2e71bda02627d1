import { ARIA, type NetworkParameters } from './parameters.ts'

// A day in 72 seconds: every duration is the public one divided by 1,200, except randAt, rounded up to whole seconds.
export const local: NetworkParameters = {
  network: 'local',
  chainId: 31_337,
  timetable: {
    epoch: 72,
    rootEnd: 6,
    randAt: 8,
    auditStart: 24,
    auditEnd: 42,
    revealEnd: 54,
    finalizeEnd: 126,
    claimAt: 144,
  },
  staking: {
    minProvider: 1_000n * ARIA,
    slot: 500n * ARIA,
    unbond: 504,
    challenge: 216,
    slasherDelay: 1_008,
  },
  escrow: { thaw: 72, feePpm: 50_000 },
  // Three auditors run on a local network.
  audits: { committee: 3, quorum: 2, samplesMin: 8, samplePpm: 10_000, capacityUnit: 1_000n * ARIA },
  rewards: {
    ratePpm: 949,
    tau: 6,
    split: {
      availabilityBps: 5_000,
      workBps: 2_000,
      verificationBps: 2_500,
      treasuryBps: 500,
      kappaBps: 8_000,
    },
  },
  beacon: 'local',
}
