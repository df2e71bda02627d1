import { describe, expect, test } from 'vitest'
import {
  AriaError,
  type Codec,
  concat,
  decodeFrame,
  decodeJobMessage,
  encodeFrame,
  encodeJobMessage,
  FRAME_BYTES_MAX,
  type Hex,
  JOB_MESSAGES,
  type JobMessage,
  PROMPT_TOKENS_MAX,
  signedOffer,
  toHex,
} from '../protocol/index.ts'
import { signature as signatureCodec, struct, uint128 } from '../protocol/wire/codec.ts'
import { below, seeded } from './helpers/random.ts'

const FUZZ_ROUNDS = 20_000

type Random = () => number
const bytes = (random: Random, count: number) => Uint8Array.from({ length: count }, () => below(random, 256))
const hex = (random: Random, count: number): Hex => toHex(bytes(random, count))
/** Small, random and largest values: boundaries more often than chance would. */
function uint(random: Random, bits: number): bigint {
  const kind = below(random, 4)
  if (kind === 0) return 0n
  if (kind === 1) return (1n << BigInt(bits)) - 1n
  return BigInt(hex(random, bits / 8)) >> BigInt(below(random, bits))
}
const small = (random: Random, bits: number) => Number(uint(random, bits))
const tokens = (random: Random, max: number) =>
  Uint32Array.from({ length: below(random, max + 1) }, () => small(random, 32))
const voucher = (random: Random) => ({ total: uint(random, 96), signature: hex(random, 65) })
const maybe = <T>(random: Random, value: T): T | null => (random() < 0.5 ? null : value)

const make: { [T in JobMessage['type']]: (random: Random) => Extract<JobMessage, { type: T }>['body'] } = {
  quoteRequest: r => ({
    modelId: hex(r, 32),
    channel: { payer: hex(r, 20), signer: hex(r, 20), salt: uint(r, 96) },
    ...{ inputTokens: small(r, 32), maxOutputTokens: small(r, 32), windowTokensMax: small(r, 32) },
    nonce: uint(r, 64),
  }),
  quote: r => ({
    quote: {
      ...{ offerHash: hex(r, 32), channelId: hex(r, 32), modelId: hex(r, 32) },
      ...{ pricePerInputToken: uint(r, 96), pricePerOutputToken: uint(r, 96) },
      ...{ inputTokens: small(r, 32), maxOutputTokens: small(r, 32), windowTokens: small(r, 32) },
      ...{ prefillSharePercent: small(r, 8), nonce: uint(r, 64), validUntil: small(r, 40) },
    },
    ...{ signature: hex(r, 65), due: uint(r, 96), best: maybe(r, voucher(r)) },
  }),
  request: r => ({
    request: {
      ...{ quoteHash: hex(r, 32), channelId: hex(r, 32), requestId: hex(r, 32), promptCommit: hex(r, 32) },
      ...{ inputTokens: small(r, 32), answeredTokens: small(r, 32), maxOutputTokens: small(r, 32) },
      ...{
        temperature: small(r, 32),
        topK: small(r, 32),
        topP: small(r, 32),
        seed: uint(r, 64),
        base: uint(r, 96),
        deadline: small(r, 40),
      },
    },
    ...{ signature: hex(r, 65), salt: hex(r, 32), prompt: tokens(r, 200), voucher: voucher(r) },
  }),
  accept: r => ({
    ...{ requestHash: hex(r, 32), block: uint(r, 64), balance: uint(r, 96), claimed: uint(r, 96) },
    thawEnd: small(r, 40),
  }),
  reject: r => ({ code: 'busy', message: 'ü'.repeat(below(r, 400)), retryAfterMs: small(r, 32) }),
  chunk: r => ({
    start: small(r, 32),
    tokens: tokens(r, 64),
    checkpoint: maybe(r, { outputTokens: small(r, 32), outputRoot: hex(r, 32), signature: hex(r, 65) }),
  }),
  voucher,
  receipt: r => ({
    receipt: {
      ...{ requestHash: hex(r, 32), modelId: hex(r, 32), promptCommit: hex(r, 32), outputRoot: hex(r, 32) },
      ...{
        samplingHash: hex(r, 32),
        seed: uint(r, 64),
        inputTokens: small(r, 32),
        outputTokens: small(r, 32),
      },
      ...{ cumulativeDue: uint(r, 96), finish: small(r, 8), flags: small(r, 8) },
      ...{ startedAt: small(r, 40), endedAt: small(r, 40) },
    },
    signature: hex(r, 65),
  }),
  ack: r => ({ receiptHash: hex(r, 32), voucher: maybe(r, voucher(r)) }),
  cancel: () => ({ reason: 'client' }),
  resume: r => ({
    resume: { requestHash: hex(r, 32), outputTokens: small(r, 32) },
    ...{ signature: hex(r, 65), voucher: voucher(r) },
  }),
}

const types = Object.keys(make) as JobMessage['type'][]
const message = (type: JobMessage['type'], random: Random) =>
  ({ type, body: make[type](random) }) as JobMessage

describe.each(types)('a %s', type => {
  test('comes back as it was sent, in one encoding only', () => {
    const random = seeded(types.indexOf(type) + 1)
    for (let round = 0; round < 200; round++) {
      const sent = message(type, random)
      const frame = encodeJobMessage(sent)
      const received = decodeJobMessage(frame)
      expect(received).toEqual(sent)
      expect(encodeJobMessage(received)).toEqual(frame)
    }
  })
})

test('every message has a generator here', () => {
  expect(types.sort()).toEqual(
    Object.values(JOB_MESSAGES)
      .map(([type]) => type)
      .sort(),
  )
})

test('the largest prompt fits one frame', () => {
  const body = { ...make.request(seeded(1)), prompt: new Uint32Array(PROMPT_TOKENS_MAX) }

  expect(encodeJobMessage({ type: 'request', body }).length).toBeLessThanOrEqual(FRAME_BYTES_MAX)
  const longer = { ...body, prompt: new Uint32Array(PROMPT_TOKENS_MAX + 1) }
  expect(() => decodeJobMessage(encodeJobMessage({ type: 'request', body: longer }))).toThrow(AriaError)
})

test.each([7, 8, 9])('random bytes are decoded or refused with a typed error (seed %i)', seed => {
  const random = seeded(seed)
  for (let round = 0; round < FUZZ_ROUNDS; round++) {
    const frame = bytes(random, below(random, 80))
    if (random() < 0.8 && frame.length > 0) frame[0] = 1 + below(random, 10)
    expectTypedError(() => decodeJobMessage(frame), frame)
    expectTypedError(() => decodeFrame(signedOffer as Codec<unknown>, frame, 'offer'), frame)
  }
})

test.each([10, 11])('mutated frames are decoded or refused with a typed error (seed %i)', seed => {
  const random = seeded(seed)
  for (let round = 0; round < FUZZ_ROUNDS / 4; round++) {
    const frame = mutate(encodeJobMessage(message(types[below(random, types.length)]!, random)), random)
    expectTypedError(() => decodeJobMessage(frame), frame)
  }
})

test('what a stranger’s frame may not hold is refused', () => {
  const frame = (raw: unknown) => Uint8Array.of(7, ...encodeFrame({ encode: v => v, decode: v => v }, raw))
  const signature = new Uint8Array(65)
  const bad: unknown[] = [
    [new Uint8Array(17), signature],
    [Uint8Array.of(0, 1), signature],
    [5, signature],
    [Uint8Array.of(1), new Uint8Array(64)],
    [Uint8Array.of(1), signature, 0],
    [Uint8Array.of(1)],
    { 0: Uint8Array.of(1), 1: signature },
    [null, null],
  ]

  for (const raw of bad) expect(() => decodeJobMessage(frame(raw))).toThrow(AriaError)
  expect(decodeJobMessage(frame([Uint8Array.of(1), signature])).type).toBe('voucher')
})

function mutate(frame: Uint8Array, random: Random): Uint8Array {
  const kind = below(random, 4)
  const at = below(random, frame.length)
  if (kind === 0) return frame.slice(0, at)
  if (kind === 1) return Uint8Array.of(...frame, ...bytes(random, 1 + below(random, 4)))
  const changed = frame.slice()
  for (let times = 1 + below(random, 3); times > 0; times--)
    changed[below(random, frame.length)] = below(random, 256)
  return changed
}

function expectTypedError(decode: () => unknown, frame: Uint8Array): void {
  try {
    decode()
  } catch (thrown) {
    if (!(thrown instanceof AriaError)) throw new Error(`${toHex(frame)} threw ${thrown}`, { cause: thrown })
  }
}

test('a voucher beyond what the contract can pay is no message', () => {
  const signed = struct({ total: uint128, signature: signatureCodec })
  const voucherTag = 7
  const frame = (total: bigint) =>
    concat(Uint8Array.of(voucherTag), encodeFrame(signed, { total, signature: hex(seeded(1), 65) }))
  const largest = 2n ** 96n - 1n

  expect(decodeJobMessage(frame(largest))).toMatchObject({ type: 'voucher', body: { total: largest } })
  expect(() => decodeJobMessage(frame(largest + 1n))).toThrow('96 bits')
})
