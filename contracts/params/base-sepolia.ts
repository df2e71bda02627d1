import { ARIA, type NetworkParameters } from './parameters.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const baseSepolia: NetworkParameters = {
  network: 'base-sepolia',
  chainId: 84_532,
  timetable: {
    epoch: DAY,
    rootEnd: 2 * HOUR,
    randAt: 2 * HOUR + 30 * MINUTE,
    auditStart: 8 * HOUR,
    auditEnd: 14 * HOUR,
    revealEnd: 18 * HOUR,
    finalizeEnd: 42 * HOUR,
    claimAt: 48 * HOUR,
  },
  staking: {
    minProvider: 1_000n * ARIA,
    slot: 5_000n * ARIA,
    unbond: 7 * DAY,
    challenge: 3 * DAY,
    slasherDelay: 14 * DAY,
  },
  escrow: { thaw: DAY, feePpm: 50_000 },
  audits: { committee: 5, quorum: 3, samplesMin: 8, samplePpm: 10_000, capacityUnit: 1_000n * ARIA },
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
    answer: DAY,
    juryDelay: 10 * MINUTE,
    commit: 12 * HOUR,
    reveal: 12 * HOUR,
    appeal: DAY,
    queue: 2 * DAY,
    referee: 6 * DAY,
    jail: 3 * DAY,
    repeat: 90 * DAY,
    seats: 15,
    quorum: 11,
    appealSeats: 31,
    appealQuorum: 21,
  },
  governance: { delay: 2 * DAY },
  beacon: 'drand',
}
