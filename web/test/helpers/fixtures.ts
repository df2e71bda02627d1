import type {
  AuditView,
  EpochPoint,
  NetworkView,
  ProviderDetail,
  ProviderEpoch,
  ProviderSummary,
  RequestView,
} from '@aria/indexer/api'

/** The moment at which every test takes place. */
export const NOW = 1_795_000_000
export const OPERATOR = '0x1111111111111111111111111111111111111111'
export const OTHER_OPERATOR = '0x2222222222222222222222222222222222222222'
export const RECEIPT = `0x${'ab'.repeat(32)}` as const

export function networkView(changes: Partial<NetworkView> = {}): NetworkView {
  return {
    chainId: 31337,
    network: 'local',
    head: { block: 1234, time: NOW - 1 },
    lagBlocks: 0,
    epoch: { number: 7, start: NOW - 18, end: NOW + 54, seconds: 72 },
    totals: {
      providersOnline: 2,
      providersStaked: 3,
      staked: '3000000000000000000000',
      requests: 20,
      inputTokens: 900,
      outputTokens: 2468,
      deposited: '60000000000000000000',
      redeemed: '100000000000000000',
      burned: '5000000000000000',
      rewardsClaimed: '4500000000000000',
      auditsPassed: 12,
      auditsFailed: 1,
    },
    contracts: {
      token: `0x${'01'.repeat(20)}`,
      models: `0x${'02'.repeat(20)}`,
      staking: `0x${'03'.repeat(20)}`,
      escrow: `0x${'04'.repeat(20)}`,
      beacon: `0x${'05'.repeat(20)}`,
      audits: `0x${'06'.repeat(20)}`,
      rewards: `0x${'07'.repeat(20)}`,
    },
    moneyAtRest: {
      channels: '59900000000000000000',
      owedToProviders: '20000000000000001',
      unburnedFees: '1000000000000000',
      refunds: '0',
      escrowBalance: '59921000000000000001',
    },
    ...changes,
  }
}

export function provider(changes: Partial<ProviderSummary> = {}): ProviderSummary {
  return {
    operator: OPERATOR,
    node: `0x${'aa'.repeat(20)}`,
    online: true,
    stake: '1000000000000000000000',
    modelId: `0x${'cc'.repeat(32)}`,
    modelName: 'aria-1',
    pricePerInputToken: '1000000000000',
    pricePerOutputToken: '4000000000000',
    slotsFree: 3,
    score: 98,
    requests: 12,
    outputTokens: 1500,
    earned: '95000000000000000',
    rewards: '4500000000000000',
    audit: 'passed',
    ...changes,
  }
}

export function providerEpoch(changes: Partial<ProviderEpoch> = {}): ProviderEpoch {
  return {
    epoch: 6,
    end: NOW - 18,
    requests: 4,
    outputTokens: 500,
    redeemed: '2000000000000000',
    fee: '100000000000000',
    reward: '90000000000000',
    root: `0x${'dd'.repeat(32)}`,
    score: 98,
    finalized: true,
    claimed: true,
    ...changes,
  }
}

export function providerDetail(changes: Partial<ProviderDetail> = {}): ProviderDetail {
  return {
    ...provider(),
    payout: `0x${'bb'.repeat(20)}`,
    unbonding: '0',
    unbondEnd: null,
    owed: '18000000000000000',
    multiaddrs: ['/ip4/127.0.0.1/tcp/4631'],
    epochs: [providerEpoch()],
    audits: [],
    ...changes,
  }
}

export function audit(changes: Partial<AuditView> = {}): AuditView {
  return {
    epoch: 6,
    operator: OPERATOR,
    verifier: `0x${'ee'.repeat(20)}`,
    time: NOW - 10,
    sampled: 4,
    passed: 4,
    failed: 0,
    score: 98,
    reason: null,
    onChain: 'revealed',
    ...changes,
  }
}

export function request(changes: Partial<RequestView> = {}): RequestView {
  return {
    receiptHash: RECEIPT,
    requestId: `0x${'12'.repeat(32)}`,
    operator: OPERATOR,
    node: `0x${'aa'.repeat(20)}`,
    modelName: 'aria-1',
    inputTokens: 40,
    outputTokens: 128,
    cost: '552000000000000',
    finish: 'stop',
    startedAt: NOW - 15,
    endedAt: NOW - 12,
    epoch: 7,
    state: 'signed',
    failure: null,
    ...changes,
  }
}

export function epochPoint(changes: Partial<EpochPoint> = {}): EpochPoint {
  return {
    epoch: 6,
    end: NOW - 18,
    outputTokens: 2468,
    requests: 20,
    redeemed: '100000000000000000',
    burned: '5000000000000000',
    rewards: '4500000000000000',
    ...changes,
  }
}
