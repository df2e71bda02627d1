import { type Address, type Deployment, type Hex, parseDeployment } from '@aria/sdk/protocol'
import { local } from '../../../contracts/params/local.ts'
import { toJson } from '../../../contracts/scripts/deployment.ts'
import type { Database } from '../../db/open.ts'
import * as s from '../../db/schema/index.ts'

export const hash = (at: number): Hex => `0x${at.toString(16).padStart(64, '0')}`
export const person = (at: number): Address => `0x${at.toString(16).padStart(40, '0')}`
const signature: Hex = `0x${'11'.repeat(65)}`

export const GENESIS = 1_000
export const EPOCH = 72

/** A deployment with the local timetable; nothing runs at its addresses. */
export const deployment: Deployment = parseDeployment(
  {
    network: 'local',
    chainId: 31337,
    genesis: GENESIS,
    blockNumber: 0,
    contracts: Object.fromEntries(
      [
        ...['token', 'models', 'staking', 'escrow', 'beacon', 'audits', 'rewards'],
        ...['timelock', 'court', 'charges'],
      ].map((name, at) => [name, person(0xc0 + at)]),
    ),
    // The file holds amounts as text.
    params: JSON.parse(toJson(local)),
  },
  'the test deployment',
)

/** One block per call, one second apart from the last; returns its number. */
export function chronicle(db: Database) {
  let number = 0
  return async (time: number): Promise<number> => {
    number++
    await db
      .insert(s.blocks)
      .values({ number, hash: hash(number), parentHash: hash(number - 1), time, eventCount: 1 })
    return number
  }
}

export function receipt(at: number, fields: Partial<typeof s.receipts.$inferInsert> = {}) {
  const endedAt = fields.endedAt ?? GENESIS + at
  return {
    receiptHash: hash(at),
    operator: person(1),
    node: person(101),
    feedCursor: BigInt(at),
    requestId: hash(1_000 + at),
    requestHash: hash(2_000 + at),
    channelId: hash(3_000),
    modelId: hash(4_000),
    promptCommit: hash(1),
    outputRoot: hash(2),
    samplingHash: hash(3),
    seed: 7n,
    temperature: 0,
    topK: 0,
    topP: 10_000,
    inputTokens: 10,
    outputTokens: 20,
    maxOutputTokens: 64,
    base: 100n,
    cumulativeDue: 150n,
    finish: 0,
    startedAt: endedAt - 1,
    endedAt,
    epoch: Math.floor((endedAt - GENESIS) / EPOCH),
    receiptSignature: signature,
    requestSignature: signature,
    ...fields,
  } satisfies typeof s.receipts.$inferInsert
}
