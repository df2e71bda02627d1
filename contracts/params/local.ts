import { ARIA, type NetworkParameters } from './parameters.ts'

// A day in 72 seconds: every duration is the public one divided by 1,200, except randAt and
// juryDelay, rounded up to whole seconds, and the governance delay: one person holds every key here.
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
  court: {
    bond: 100n * ARIA,
    answer: 72,
    juryDelay: 1,
    commit: 36,
    reveal: 36,
    appeal: 72,
    queue: 144,
    referee: 432,
    jail: 216,
    repeat: 6_480,
    // Of the three auditors that run, one may be the accused or stay away.
    seats: 3,
    quorum: 2,
    appealSeats: 3,
    appealQuorum: 2,
  },
  governance: { delay: 0 },
  beacon: 'local',
}
