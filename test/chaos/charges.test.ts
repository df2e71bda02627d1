import type { Terms } from '@aria/sdk/protocol'
import { expect, test } from 'vitest'
import { charges, excessWindows } from '../../scripts/chaos/charges.ts'
import { unhandledIn } from '../../scripts/chaos/logs.ts'
import { type StreamRecord, streamsOf } from '../../scripts/chaos/records.ts'
import { growth } from '../../scripts/chaos/samples.ts'
import type { ChannelEnd } from '../../scripts/chaos/settle.ts'

const CHANNEL = `0x${'11'.repeat(32)}` as const
const NODE = `0x${'22'.repeat(20)}` as const
const terms: Terms = {
  ...{ pricePerInputToken: 1n, pricePerOutputToken: 10n, inputTokens: 5, maxOutputTokens: 100 },
  ...{ windowTokens: 16, prefillSharePercent: 50, base: 0n },
}

const accepted: StreamRecord = {
  type: 'accepted',
  number: 0,
  channel: CHANNEL,
  node: NODE,
  terms,
  attempt: 1,
}
const tokens = (count: number): StreamRecord => ({
  ...{ type: 'tokens', number: 0, tokens: Array.from({ length: count }, (_, at) => at) },
})
const begun: StreamRecord = { type: 'begun', number: 0, inputTokens: 5 }
const finished: StreamRecord = {
  ...{ type: 'finished', number: 0, pieces: [{ channel: CHANNEL, outputTokens: 20 }], hasReceipt: true },
}

function end(claimed: bigint): ChannelEnd {
  return {
    ...{ channel: CHANNEL, client: 'client-1', provider: 'provider-1', priceIn: 1n, priceOut: 10n },
    ...{ isSettled: true, balance: 10_000n, claimed, signed: 0n, best: undefined, booked: undefined },
  }
}

function windows(claimed: bigint, records: StreamRecord[]): number {
  return excessWindows(charges([end(claimed)], streamsOf('client-1', records))[0]!)
}

test('what was delivered may be charged, and one window more, and not a wei beyond', () => {
  const records = [begun, accepted, tokens(20), finished]

  expect(windows(205n, records)).toBe(0)
  expect(windows(205n + 160n, records)).toBe(1)
  expect(windows(205n + 162n, records)).toBeGreaterThan(1)
})

test('a broken stream may cost a window of its own, a channel without any stream nothing', () => {
  const failed: StreamRecord = {
    ...{
      type: 'failed',
      number: 0,
      code: 'interrupted',
      isTyped: true,
      pieces: [],
      attempts: 1,
      message: '',
    },
  }

  expect(windows(205n + 320n, [begun, accepted, tokens(20), failed])).toBe(1)
  expect(windows(1n, [])).toBe(Number.POSITIVE_INFINITY)
})

test('an order that was never answered may cost its first voucher, if there was one', () => {
  const later: StreamRecord = { ...accepted, terms: { ...terms, base: 640n }, attempt: 2 } as StreamRecord
  const records = [begun, later, tokens(20), finished]

  expect(windows(640n + 205n, records)).toBeLessThanOrEqual(1)
  expect(
    windows(640n + 205n, [begun, { ...later, attempt: 1 } as StreamRecord, tokens(20), finished]),
  ).toBeGreaterThan(1)
})

test('a stream without an end was cut off by the death of its client, and keeps what was seen', () => {
  const [stream] = streamsOf('client-1', [begun, accepted, tokens(3)])

  expect(stream).toMatchObject({ end: 'cut', tokens: [0, 1, 2] })
})

test('tokens that were taken back are no part of the answer', () => {
  const rewound: StreamRecord = { type: 'rewound', number: 0, outputTokens: 1 }
  const [stream] = streamsOf('client-1', [begun, accepted, tokens(3), rewound])

  expect(stream!.tokens).toEqual([0])
})

test('a burst that passes is no growth, a level that stays is', () => {
  const sample = (rssMb: number) => ({ rssMb, handles: rssMb })
  const flat = [90, 100, 101, 180, 100, 100, 190, 101].map(sample)
  const rising = [90, 95, 100, 105, 110, 115, 120, 125].map(sample)

  expect(growth(flat).memoryMb).toBe(0)
  expect(growth(rising)).toEqual({ memoryMb: 20, handles: 20 })
  expect(growth([sample(1)]).memoryMb).toBeNaN()
})

test('an error that nobody handled is found in a log, a handled one is not', () => {
  expect(
    unhandledIn('{"level":40,"msg":"Failed, tries again","error":"Error: x"}\naria: disk is full'),
  ).toEqual([])
  expect(unhandledIn('TypeError: x is not a function\n    at file.ts:1')).toHaveLength(1)
  expect(unhandledIn('node:internal/process/promises:394')).toHaveLength(1)
})
