// Every weight type of a GGUF file: random rows, and their values as ggml's documentation gives them. Written without
// looking at the engine's packers, so that a mistake there shows.
import type { Random } from './random.ts'

export type WeightType =
  | 'f32'
  | 'f16'
  | 'bf16'
  | 'q4_0'
  | 'q8_0'
  | 'q4_k'
  | 'q6_k'
  | 'tq1_0'
  | 'tq2_0'
  | 'i2_s'
  | 'q1_0'
  | 'q2_0'

interface TypeInfo {
  /** ggml's type id. */
  readonly id: number
  /** Elements and bytes of a block. */
  readonly block: number
  readonly bytes: number
  /** Bytes behind the last row: I2_S keeps the tensor's scale there. */
  readonly tail?: number
  fill(random: Random, block: DataView): void
  values(block: DataView, scale: number): number[]
}

const f = Math.fround
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** A normal half-precision number from its parts; exponent is unbiased, -14 to 15. */
export const half = (sign: number, exponent: number, fraction: number): number =>
  (sign << 15) | ((exponent + 15) << 10) | fraction

export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function randomBytes(random: Random, block: DataView): void {
  for (let at = 0; at < block.byteLength; at++) block.setUint8(at, random.next() >>> 24)
}

/** Random bytes with half-precision scales of about 2^exponent at the given places. */
const scaled =
  (exponent: number, ...places: number[]) =>
  (random: Random, block: DataView): void => {
    randomBytes(random, block)
    for (const at of places) block.setUint16(at, half(0, exponent, random.below(1024)), true)
  }

/** Random codes of 2 bits from -1, 0 and +1. */
function fillTernary(random: Random, block: DataView, begin: number, bytes: number): void {
  for (let at = begin; at < begin + bytes; at++)
    block.setUint8(
      at,
      range(4).reduce(byte => byte * 4 + random.below(3), 0),
    )
}

const bits = (block: DataView, at: number, shift: number, mask: number): number =>
  (block.getUint8(at) >> shift) & mask
const scaleAt = (block: DataView, at: number): number => fromHalf(block.getUint16(at, true))

/** Digit `n` of five (or four) base-3 digits in a byte, the most significant first. */
const trit = (byte: number, n: number): number => Math.floor(((byte * 3 ** n) % 256) * 3) >> 8

/** A Q4_K block's 6-bit scale and minimum of group `j`. */
function scaleAndMinimum(block: DataView, j: number): [number, number] {
  const at = (i: number): number => block.getUint8(4 + i)
  if (j < 4) return [at(j) & 63, at(j + 4) & 63]
  return [(at(j + 4) & 15) | ((at(j - 4) >> 6) << 4), (at(j + 4) >> 4) | ((at(j) >> 6) << 4)]
}

function tq1Values(block: DataView): number[] {
  const digits = [
    ...range(160).map(i => trit(block.getUint8(i % 32), Math.floor(i / 32))),
    ...range(80).map(i => trit(block.getUint8(32 + (i % 16)), Math.floor(i / 16))),
    ...range(16).map(i => trit(block.getUint8(48 + (i % 4)), Math.floor(i / 4))),
  ]
  return digits.map(digit => f(scaleAt(block, 52) * (digit - 1)))
}

/** Bytes as ggml's quantizer makes them: ceil(value * 256 / 243) of the base-3 digits. */
function fillTq1(random: Random, block: DataView): void {
  for (let at = 0; at < 52; at++) {
    const digits = at < 48 ? 5 : 4
    const value = range(digits).reduce(sum => sum * 3 + random.below(3), 0) * (digits === 4 ? 3 : 1)
    block.setUint8(at, Math.ceil((value * 256) / 243))
  }
  block.setUint16(52, half(0, -4, random.below(1024)), true)
}

export const WEIGHT_TYPES: Record<WeightType, TypeInfo> = {
  f32: {
    id: 0,
    block: 1,
    bytes: 4,
    fill: (random, block) => block.setFloat32(0, random.signed() / 10, true),
    values: block => [block.getFloat32(0, true)],
  },
  f16: {
    id: 1,
    block: 1,
    bytes: 2,
    fill: (random, block) =>
      block.setUint16(0, half(random.below(2), -3 - random.below(4), random.below(1024)), true),
    values: block => [scaleAt(block, 0)],
  },
  bf16: {
    id: 30,
    block: 1,
    bytes: 2,
    fill: (random, block) =>
      block.setUint16(0, (random.below(2) << 15) | ((123 - random.below(4)) << 7) | random.below(128), true),
    values: block => {
      const wide = new DataView(new ArrayBuffer(4))
      wide.setUint32(0, block.getUint16(0, true) << 16)
      return [wide.getFloat32(0)]
    },
  },
  q4_0: {
    id: 2,
    block: 32,
    bytes: 18,
    fill: scaled(-6, 0),
    values: block =>
      range(32).map(i => f(scaleAt(block, 0) * (bits(block, 2 + (i % 16), i < 16 ? 0 : 4, 15) - 8))),
  },
  q8_0: {
    id: 8,
    block: 32,
    bytes: 34,
    fill: scaled(-10, 0),
    values: block => range(32).map(i => f(scaleAt(block, 0) * block.getInt8(2 + i))),
  },
  q4_k: {
    id: 12,
    block: 256,
    bytes: 144,
    fill: scaled(-12, 0, 2),
    values: block =>
      range(256).map(i => {
        const [scale, minimum] = scaleAndMinimum(block, Math.floor(i / 32))
        const quant = bits(block, 16 + Math.floor(i / 64) * 32 + (i % 32), i % 64 < 32 ? 0 : 4, 15)
        return f(f(f(scaleAt(block, 0) * scale) * quant) - f(scaleAt(block, 2) * minimum))
      }),
  },
  q6_k: {
    id: 14,
    block: 256,
    bytes: 210,
    fill: scaled(-13, 208),
    values: block =>
      range(256).map(i => {
        const [part, at] = [Math.floor(i / 128), i % 128]
        const low = bits(block, part * 64 + (at % 64), at < 64 ? 0 : 4, 15)
        const high = bits(block, 128 + part * 32 + (at % 32), Math.floor(at / 32) * 2, 3)
        const scale = f(scaleAt(block, 208) * block.getInt8(192 + Math.floor(i / 16)))
        return f(scale * (low + high * 16 - 32))
      }),
  },
  tq1_0: { id: 34, block: 256, bytes: 54, fill: fillTq1, values: tq1Values },
  tq2_0: {
    id: 35,
    block: 256,
    bytes: 66,
    fill: (random, block) => {
      fillTernary(random, block, 0, 64)
      block.setUint16(64, half(0, -4, random.below(1024)), true)
    },
    values: block =>
      range(256).map(i => {
        const code = bits(block, Math.floor(i / 128) * 32 + (i % 32), (Math.floor(i / 32) % 4) * 2, 3)
        return f(scaleAt(block, 64) * (code - 1))
      }),
  },
  i2_s: {
    id: 36,
    block: 128,
    bytes: 32,
    tail: 32,
    fill: (random, block) => fillTernary(random, block, 0, 32),
    values: (block, scale) =>
      range(128).map(i => f(scale * (bits(block, i % 32, 6 - Math.floor(i / 32) * 2, 3) - 1))),
  },
  q1_0: {
    id: 41,
    block: 128,
    bytes: 18,
    fill: scaled(-4, 0),
    values: block =>
      range(128).map(i => (bits(block, 2 + Math.floor(i / 8), i % 8, 1) ? 1 : -1) * scaleAt(block, 0)),
  },
  q2_0: {
    id: 42,
    block: 64,
    bytes: 18,
    fill: scaled(-4, 0), // all four codes: the format allows +2 as well
    values: block =>
      range(64).map(i => f(scaleAt(block, 0) * (bits(block, 2 + Math.floor(i / 4), (i % 4) * 2, 3) - 1))),
  },
}

export const ALL_WEIGHT_TYPES = Object.keys(WEIGHT_TYPES) as WeightType[]

/** The data of a random tensor. `columns` must be whole blocks of the type. */
export function randomWeights(
  random: Random,
  type: WeightType,
  columns: number,
  rows: number,
): Uint8Array<ArrayBuffer> {
  const info = WEIGHT_TYPES[type]
  const bytes = (columns / info.block) * rows * info.bytes
  const data = new Uint8Array(bytes + (info.tail ?? 0))
  for (let at = 0; at < bytes; at += info.bytes) info.fill(random, new DataView(data.buffer, at, info.bytes))
  if (info.tail !== undefined)
    new DataView(data.buffer).setFloat32(bytes, f(0.07 + random.below(100) / 1000), true)
  return data
}

/** The values of one row. */
export function rowValues(type: WeightType, data: Uint8Array, columns: number, row: number): Float32Array {
  const info = WEIGHT_TYPES[type]
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const scale = info.tail === undefined ? 1 : view.getFloat32(data.byteLength - info.tail, true)
  const blocks = columns / info.block
  return Float32Array.from(
    range(blocks).flatMap(b => {
      const at = data.byteOffset + (row * blocks + b) * info.bytes
      return info.values(new DataView(data.buffer, at, info.bytes), scale)
    }),
  )
}
