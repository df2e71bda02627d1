import { keccak_256 } from '@noble/hashes/sha3.js'
import { AriaError } from './errors.ts'

export type Hex = `0x${string}`
export type Address = Hex

export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Uint8Array): Hex {
  let text = '0x'
  for (const byte of bytes) text += HEX_OF_BYTE[byte]
  return text as Hex
}

/** Value of a hex digit by its character code; -1 for any other character. */
const DIGIT_VALUES = Int8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return /[0-9a-fA-F]/.test(character) ? Number.parseInt(character, 16) : -1
})

/** Parses hex of an exact length; `byteCount` undefined accepts any even length. */
export function fromHex(hex: string, byteCount?: number): Uint8Array {
  const start = hex.startsWith('0x') ? 2 : 0
  const bytes = new Uint8Array((hex.length - start) >> 1)
  let isValid =
    byteCount === undefined ? (hex.length - start) % 2 === 0 : hex.length - start === byteCount * 2
  for (let at = 0; isValid && at < bytes.length; at++) {
    const high = DIGIT_VALUES[hex.charCodeAt(start + at * 2)] ?? -1
    const low = DIGIT_VALUES[hex.charCodeAt(start + at * 2 + 1)] ?? -1
    isValid = high >= 0 && low >= 0
    bytes[at] = (high << 4) | low
  }
  if (isValid) return bytes
  throw new AriaError('bad_frame', `Expected ${byteCount ?? 'some'} bytes of hex, got "${hex.slice(0, 80)}".`)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Unsigned big-endian integer in exactly `byteCount` bytes. */
export function uintBytes(value: bigint | number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount)
  let rest = BigInt(value)
  if (rest < 0n || rest >> BigInt(byteCount * 8) !== 0n) {
    throw new AriaError('internal', `${value} does not fit ${byteCount} bytes.`)
  }
  for (let at = byteCount; rest > 0n; rest >>= 48n) {
    let low = Number(rest & 0xffff_ffff_ffffn) // Six bytes at a time, which a number holds exactly.
    for (let count = 0; count < 6 && at > 0; count++) {
      bytes[--at] = low % 256
      low = Math.floor(low / 256)
    }
  }
  return bytes
}

export function bytesToUint(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

export function keccak(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = keccak_256.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function keccakHex(...parts: readonly Uint8Array[]): Hex {
  return toHex(keccak(...parts))
}

/** Token ids as u32 little endian, the byte form that every commitment hashes. */
export function tokenBytes(tokens: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(tokens.length * 4)
  const view = new DataView(bytes.buffer)
  tokens.forEach((token, at) => {
    view.setUint32(at * 4, token, true)
  })
  return bytes
}

export function bytesToTokens(bytes: Uint8Array): Uint32Array {
  if (bytes.length % 4 !== 0)
    throw new AriaError('bad_frame', `${bytes.length} bytes are no list of u32 tokens.`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(at * 4, true))
}

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
