import { sumLeaf, sumRoot } from '@aria/sdk/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenDatabase, openDb } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { dueClaims, duePayees, dueScores, newestBegun, rootOf } from '../keeper/duties.ts'
import { matchRoots } from '../network/roots.ts'
import { replayStakes } from '../queries/stakes.ts'
import { chronicle, deployment, EPOCH, GENESIS, hash, person, receipt } from './support/seed.ts'

const [provider, other, verifier] = [person(1), person(2), person(3)]
const endOf = (epoch: number) => GENESIS + (epoch + 1) * EPOCH
const REVEAL_END = 54
const FINALIZE_END = 126
const CLAIM_AT = 144

let open: OpenDatabase
let blockNumber: number

beforeAll(async () => {
  open = await openDb('pglite://')
})

afterAll(() => open?.close())

beforeEach(async () => {
  await open.db.delete(s.blocks)
  await open.db.delete(s.receipts)
  blockNumber = await chronicle(open.db)(GENESIS)
})

let logIndex = 0
const place = () => ({ blockNumber, logIndex: logIndex++ })
const scored = (epoch: number, who = provider) =>
  open.db
    .insert(s.auditsScored)
    .values({ ...place(), epoch, provider: who, verifier, score: 100, capacity: 1, digest: hash(1) })
const finalized = (epoch: number, fields: { score?: number; carried?: boolean; weight?: bigint } = {}) =>
  open.db.insert(s.auditsFinalized).values({
    ...place(),
    epoch,
    provider,
    score: 100,
    carried: false,
    weight: 5n,
    capacity: 1,
    worked: true,
    ...fields,
  })

describe('scores to finalize', () => {
  const due = (now: number) => dueScores(open.db, deployment, now)

  test('are due from the end of the reveal until their window closes', async () => {
    await scored(4)

    expect(await due(endOf(4) + REVEAL_END - 1)).toEqual([])
    expect(await due(endOf(4) + REVEAL_END)).toEqual([{ epoch: 4, operator: provider }])
    expect(await due(endOf(4) + FINALIZE_END - 1)).toEqual([{ epoch: 4, operator: provider }])
    expect(await due(endOf(4) + FINALIZE_END)).toEqual([])
  })

  test('are due once, however many verdicts there are', async () => {
    await scored(4)
    await scored(4)
    await scored(4, other)
    expect(await due(endOf(4) + REVEAL_END)).toHaveLength(2)

    await finalized(4)

    expect(await due(endOf(4) + REVEAL_END)).toEqual([{ epoch: 4, operator: other }])
  })

  test('are carried over from the epoch before, once', async () => {
    await finalized(3)
    expect(await due(endOf(4) + REVEAL_END)).toEqual([{ epoch: 4, operator: provider }])

    await finalized(4, { carried: true })

    expect(await due(endOf(5) + REVEAL_END)).toEqual([])
  })
})

describe('rewards to claim', () => {
  const due = (now: number) => dueClaims(open.db, deployment, now)

  test('are due to scored providers and revealing verifiers from the claim time on', async () => {
    await scored(4)
    await finalized(4)

    expect(await due(endOf(4) + CLAIM_AT - 1)).toEqual([])
    expect(await due(endOf(4) + CLAIM_AT)).toEqual([
      { epoch: 4, operator: provider },
      { epoch: 4, operator: verifier },
    ])
  })

  test('are not due without weight, after the claim, or when they expired', async () => {
    await finalized(4, { score: 0, weight: 0n })
    expect(await due(endOf(4) + CLAIM_AT)).toEqual([])
    await finalized(5)
    const claimed = { epoch: 5, operator: provider, payout: provider }
    expect(await due(endOf(5) + CLAIM_AT)).toHaveLength(1)
    expect(await due(endOf(5) + CLAIM_AT + 90 * EPOCH)).toEqual([])

    await open.db
      .insert(s.rewardsClaimed)
      .values({ ...place(), ...claimed, availability: 1n, work: 0n, verification: 0n })

    expect(await due(endOf(5) + CLAIM_AT)).toEqual([])
  })
})

test('no window has begun before the first epoch ended', () => {
  expect(newestBegun(GENESIS + EPOCH - 1, deployment, 'end')).toBe(-1)
  expect(newestBegun(GENESIS + EPOCH, deployment, 'end')).toBe(0)
  expect(newestBegun(GENESIS - 5_000, deployment, 'claimsFrom')).toBe(-1)
})

describe('fees to burn', () => {
  const redeemed = (payee: typeof provider, fee: bigint) =>
    open.db
      .insert(s.escrowRedeemed)
      .values({ ...place(), id: hash(1), payee, claimed: 100n, delta: 100n, fee })
  const burned = (payee: typeof provider, amount: bigint) =>
    open.db.insert(s.escrowFeesBurned).values({ ...place(), payee, epoch: 1, amount, rewardable: amount })

  test('are those of payees with more redeemed than burned', async () => {
    expect(await duePayees(open.db)).toEqual([])
    await redeemed(provider, 5n)
    await redeemed(provider, 5n)
    await redeemed(other, 7n)
    expect(await duePayees(open.db)).toEqual([provider, other].sort())

    await burned(provider, 10n)
    expect(await duePayees(open.db)).toEqual([other])
    await redeemed(provider, 1n)
    expect(await duePayees(open.db)).toEqual([provider, other].sort())
  })
})

test('finalize is told the committed root, or none', async () => {
  const root = { root: hash(3), tokens: 9n, count: 2, model: hash(2) }
  await open.db.insert(s.auditsRootCommitted).values({ ...place(), epoch: 4, provider, ...root })

  expect(await rootOf(open.db, { epoch: 4, operator: provider })).toEqual(root)
  expect((await rootOf(open.db, { epoch: 5, operator: provider })).count).toBe(0)
})

describe('a root on chain', () => {
  const commit = (epoch: number, jobs: ReturnType<typeof receipt>[], hashOf?: `0x${string}`) => {
    const tree = sumRoot(jobs.map(job => sumLeaf(job.receiptHash, BigInt(job.outputTokens))))
    const root = { root: hashOf ?? tree.hash, tokens: tree.sum, count: jobs.length, model: hash(2) }
    return open.db.insert(s.auditsRootCommitted).values({ ...place(), epoch, provider, ...root })
  }
  const placed = async () => {
    const rows = await open.db.select().from(s.receipts).orderBy(s.receipts.feedCursor)
    return rows.map(row => row.leafIndex)
  }

  test('proves the receipts that it is recomputed from', async () => {
    const jobs = [receipt(1), receipt(2), receipt(3)]
    await open.db.insert(s.receipts).values([...jobs, receipt(80)])
    await commit(0, jobs)

    expect(await matchRoots(open.db, 0)).toBe(1)
    expect(await placed()).toEqual([0, 1, 2, null])
    expect(await matchRoots(open.db, 0)).toBe(0)
  })

  test('proves nothing when one receipt is missing or another root was committed', async () => {
    const jobs = [receipt(1), receipt(2)]
    await open.db.insert(s.receipts).values([jobs[0]!])
    await commit(0, jobs)
    await commit(0, [jobs[0]!], hash(66))

    expect(await matchRoots(open.db, 0)).toBe(0)
    expect(await placed()).toEqual([null])
  })

  test('is found past receipts of the epoch before that no root holds', async () => {
    const jobs = [receipt(80), receipt(81)]
    await open.db.insert(s.receipts).values([receipt(1), ...jobs])
    await commit(1, jobs)

    expect(await matchRoots(open.db, 0)).toBe(1)
    expect(await placed()).toEqual([null, 0, 1])
  })

  test('may hold receipts that were written after their own epoch was sealed', async () => {
    const [early, late, next] = [receipt(1), receipt(70), receipt(80)]
    await open.db.insert(s.receipts).values([early, late, next])
    await commit(0, [early])
    await commit(1, [late, next])

    expect(await matchRoots(open.db, 0)).toBe(2)
    expect(await placed()).toEqual([0, 0, 1])
  })
})

describe('an operator’s stake', () => {
  const at = (blockNumber: number) => ({ operator: provider, blockNumber, logIndex: 0 })

  test('is what its history adds up to', () => {
    const stake = replayStakes([
      { kind: 'unbonding', ...at(2), amount: 30n, unbonding: 30n, unbondEnd: 9 },
      { kind: 'staked', ...at(1), stake: 100n },
    ]).get(provider)

    expect(stake).toEqual({ stake: 70n, unbonding: 30n, unbondEnd: 9 })
  })

  test('is slashed in what unbonds first', () => {
    const stake = replayStakes([
      { kind: 'staked', ...at(1), stake: 100n },
      { kind: 'unbonding', ...at(2), amount: 30n, unbonding: 30n, unbondEnd: 9 },
      { kind: 'slashed', ...at(3), amount: 50n },
    ]).get(provider)

    expect(stake).toEqual({ stake: 50n, unbonding: 0n, unbondEnd: 9 })
  })

  test('is whole again after a cancelled unbonding, and leaves nothing unbonding after a withdrawal', () => {
    const unbonding = { kind: 'unbonding', ...at(2), amount: 30n, unbonding: 30n, unbondEnd: 9 } as const
    const staked = { kind: 'staked', ...at(1), stake: 100n } as const

    const cancelled = replayStakes([staked, unbonding, { kind: 'cancelled', ...at(3), stake: 100n }])
    const withdrawn = replayStakes([staked, unbonding, { kind: 'withdrawn', ...at(3) }])

    expect(cancelled.get(provider)).toEqual({ stake: 100n, unbonding: 0n, unbondEnd: null })
    expect(withdrawn.get(provider)).toEqual({ stake: 70n, unbonding: 0n, unbondEnd: null })
  })
})
