// What differs between networks. Durations in seconds, money in wei, rates in parts per million or basis points.

export const ARIA = 10n ** 18n

/** Windows of an epoch, counted from its end. See src/libraries/Epochs.sol. */
export interface Timetable {
  readonly epoch: number
  readonly rootEnd: number
  readonly randAt: number
  readonly auditStart: number
  readonly auditEnd: number
  readonly revealEnd: number
  readonly finalizeEnd: number
  readonly claimAt: number
}

export interface NetworkParameters {
  readonly network: string
  readonly chainId: number
  readonly timetable: Timetable
  readonly staking: {
    readonly minProvider: bigint
    readonly slot: bigint
    readonly unbond: number
    readonly challenge: number
    readonly slasherDelay: number
  }
  readonly escrow: { readonly thaw: number; readonly feePpm: number }
  readonly audits: {
    readonly committee: number
    readonly quorum: number
    readonly samplesMin: number
    readonly samplePpm: number
    /** Stake that one unit of audited capacity (one token per second) supports. */
    readonly capacityUnit: bigint
  }
  readonly rewards: {
    readonly ratePpm: number
    readonly tau: number
    readonly split: {
      readonly availabilityBps: number
      readonly workBps: number
      readonly verificationBps: number
      readonly treasuryBps: number
      readonly kappaBps: number
    }
  }
  readonly court: {
    readonly bond: bigint
    readonly answer: number
    readonly juryDelay: number
    readonly commit: number
    readonly reveal: number
    readonly appeal: number
    readonly queue: number
    readonly referee: number
    readonly jail: number
    readonly repeat: number
    readonly seats: number
    readonly quorum: number
    readonly appealSeats: number
    readonly appealQuorum: number
  }
  readonly governance: {
    /** Between a proposal and its execution. */
    readonly delay: number
  }
  /** `local`: a trusted operator submits randomness. `drand`: anyone submits, the contract verifies. */
  readonly beacon: 'local' | 'drand'
}
