import { type Deployed, type Deployment, deployed, parseDeployment } from '../../protocol/index.ts'

const address = (digit: string) => `0x${digit.repeat(40)}`

/** A deployment that no chain knows: enough for signatures and the fake ledger. */
export const DEPLOYMENT: Deployment = parseDeployment(
  {
    network: 'test',
    chainId: 31337,
    genesis: 1_700_000_000,
    blockNumber: 1,
    contracts: {
      token: address('1'),
      models: address('2'),
      staking: address('3'),
      escrow: address('4'),
      beacon: address('5'),
      audits: address('6'),
      rewards: address('7'),
      court: address('8'),
      charges: address('9'),
      timelock: address('a'),
    },
    params: {
      timetable: {
        ...{ epoch: 72, rootEnd: 1, randAt: 2, auditStart: 3, auditEnd: 4 },
        ...{ revealEnd: 5, finalizeEnd: 6, claimAt: 7 },
      },
      staking: { minProvider: '1000', slot: '5000', unbond: 60, challenge: 60 },
      escrow: { thaw: 60, feePpm: 10_000 },
      audits: { committee: 3, quorum: 2 },
    },
  },
  'test',
)

export const DEPLOYED: Deployed = deployed(DEPLOYMENT)
