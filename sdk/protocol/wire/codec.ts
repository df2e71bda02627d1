import { decode as cborDecode, encode as cborEncode } from 'cborg'
import { bytesToTokens, bytesToUint, fromHex, type Hex, toHex, tokenBytes, uintBytes } from '../bytes.ts'
import { AriaError } from '../errors.ts'
import { checkShape } from './shape.ts'

/** One field: how it travels in CBOR, and its Solidity type when it is part of a signed struct. */
export interface Codec<T> {
  readonly solidity?: string
  encode(value: T): unknown
  decode(raw: unknown, path: string): T
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never

function refuse(path: string, expected: string, raw: unknown): never {
  const got = raw instanceof Uint8Array ? `${raw.length} bytes` : typeof raw
  throw new AriaError('bad_frame', `Field ${path} must be ${expected}, got ${got}.`, {
    facts: { path, expected, got },
  })
}

function small(bits: 8 | 16 | 32 | 40): Codec<number> {
  const max = 2 ** bits - 1
  return {
    solidity: `uint${bits}`,
    encode: value => value,
    decode: (raw, path) =>
      typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= max
        ? raw
        : refuse(path, `an integer of at most ${max}`, raw),
  }
}

/** Amounts travel as minimal big-endian bytes, so one value has one encoding. */
function big(bits: 64 | 96 | 128): Codec<bigint> {
  return {
    solidity: `uint${bits}`,
    encode: value => {
      const bytes = uintBytes(value, bits / 8)
      const first = bytes.findIndex(byte => byte !== 0)
      return first < 0 ? new Uint8Array(0) : bytes.slice(first)
    },
    decode: (raw, path) =>
      raw instanceof Uint8Array && raw.length <= bits / 8 && raw[0] !== 0
        ? bytesToUint(raw)
        : refuse(path, `an unsigned integer of ${bits} bits`, raw),
  }
}

function fixed(byteCount: number, solidity?: string): Codec<Hex> {
  return {
    ...(solidity && { solidity }),
    encode: value => fromHex(value, byteCount),
    decode: (raw, path) =>
      raw instanceof Uint8Array && raw.length === byteCount
        ? toHex(raw)
        : refuse(path, `${byteCount} bytes`, raw),
  }
}

export const uint8 = small(8)
export const uint16 = small(16)
export const uint32 = small(32)
export const uint40 = small(40)
export const uint64 = big(64)
export const uint96 = big(96)
export const uint128 = big(128)
export const bytes32 = fixed(32, 'bytes32')
export const address = fixed(20, 'address')
/** r | s | v, 65 bytes. */
export const signature = fixed(65)

export function text(lengthMax: number): Codec<string> {
  return {
    solidity: 'string',
    encode: value => value,
    decode: (raw, path) =>
      typeof raw === 'string' && raw.length <= lengthMax
        ? raw
        : refuse(path, `text of at most ${lengthMax}`, raw),
  }
}

export function tokens(countMax: number): Codec<Uint32Array> {
  return {
    encode: value => tokenBytes(value),
    decode: (raw, path) =>
      raw instanceof Uint8Array && raw.length % 4 === 0 && raw.length <= countMax * 4
        ? bytesToTokens(raw)
        : refuse(path, `at most ${countMax} tokens`, raw),
  }
}

export function list<T>(item: Codec<T>, countMax: number): Codec<T[]> {
  return {
    ...(item.solidity && { solidity: `${item.solidity}[]` }),
    encode: value => value.map(item.encode),
    decode: (raw, path) =>
      Array.isArray(raw) && raw.length <= countMax
        ? raw.map((entry, at) => item.decode(entry, `${path}[${at}]`))
        : refuse(path, `a list of at most ${countMax}`, raw),
  }
}

export function optional<T>(item: Codec<T>): Codec<T | null> {
  return {
    encode: value => (value === null ? null : item.encode(value)),
    decode: (raw, path) => (raw === null ? null : item.decode(raw, path)),
  }
}

export type Fields = Record<string, Codec<never> | Codec<unknown>>
// biome-ignore lint/suspicious/noExplicitAny: the field's own type is inferred from its codec right below
type AnyFields = Record<string, Codec<any>>
export type StructValue<F extends AnyFields> = { [K in keyof F]: ValueOf<F[K]> }

/** A struct travels as a CBOR array in field order: no names on the wire, no unknown fields. */
export function struct<F extends AnyFields>(fields: F): Codec<StructValue<F>> & { readonly fields: F } {
  const names = Object.keys(fields)
  return {
    fields,
    encode: value => names.map(name => fields[name]!.encode(value[name as keyof F])),
    decode: (raw, path) => {
      if (!Array.isArray(raw) || raw.length !== names.length)
        return refuse(path, `${names.length} fields`, raw)
      const entries = names.map((name, at) => [name, fields[name]!.decode(raw[at], `${path}.${name}`)])
      return Object.fromEntries(entries) as StructValue<F>
    },
  }
}

export function encodeFrame<T>(codec: Codec<T>, value: T): Uint8Array {
  return cborEncode(codec.encode(value))
}

/**
 * Strict CBOR: no indefinite lengths, no maps, no floats, one encoding of each value.
 * @throws AriaError `bad_frame` naming the field.
 */
export function decodeFrame<T>(codec: Codec<T>, frame: Uint8Array, name: string): T {
  checkShape(frame, name)
  let raw: unknown
  try {
    raw = cborDecode(frame, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
    })
  } catch (cause) {
    throw new AriaError('bad_frame', `${name} is not valid CBOR.`, { facts: { bytes: frame.length }, cause })
  }
  return codec.decode(raw, name)
}
