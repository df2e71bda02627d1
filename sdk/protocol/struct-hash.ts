import { concat, fromHex, type Hex, keccak, uintBytes } from './bytes.ts'
import { AriaError } from './errors.ts'

/**
 * EIP-712 for flat structs, the only kind that the protocol signs: numbers, fixed bytes, addresses, strings and lists of
 * strings. A node hashes two of them for every few tokens, so what is constant (types, domains) is hashed once, and there
 * is no general encoder in between. Every digest is tested against viem's.
 */
export interface Member {
  name: string
  type: string
}

export interface Domain {
  name: string
  version: string
  chainId: number
  verifyingContract: Hex
}

export interface StructType {
  typeHash: Uint8Array
  members: readonly (readonly [name: string, encode: (value: never) => Uint8Array])[]
}

const WORD = 32
const utf8 = new TextEncoder()

/** @throws AriaError `internal` for a type that the protocol does not sign. */
export function structType(name: string, members: readonly Member[]): StructType {
  const text = `${name}(${members.map(member => `${member.type} ${member.name}`).join(',')})`
  return {
    typeHash: keccak(utf8.encode(text)),
    members: members.map(member => [member.name, encoderOf(member.type)] as const),
  }
}

/** keccak256(typeHash | each member as one word). */
export function hashStruct({ typeHash, members }: StructType, value: Record<string, unknown>): Uint8Array {
  const words = new Uint8Array(WORD * (members.length + 1))
  words.set(typeHash)
  members.forEach(([name, encode], at) => {
    const word = encode(value[name] as never)
    words.set(word, WORD * (at + 2) - word.length) // Left-padded: only whole words and numbers occur.
  })
  return keccak(words)
}

export function domainSeparator(domain: Domain): Uint8Array {
  return hashStruct(DOMAIN_TYPE, { ...domain })
}

const PREFIX = Uint8Array.of(0x19, 0x01)

/** keccak256(0x1901 | domainSeparator | hashStruct). */
export function typedDigest(separator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak(concat(PREFIX, separator, structHash))
}

function encoderOf(type: string): (value: never) => Uint8Array {
  const bits = /^uint(\d+)$/.exec(type)?.[1]
  if (bits !== undefined) return (value: bigint | number) => uintBytes(value, Number(bits) / 8)
  const encode = ENCODERS[type as keyof typeof ENCODERS]
  if (encode !== undefined) return encode
  throw new AriaError('internal', `Type ${type} is not among those that the protocol signs.`)
}

const encodeString = (value: string) => keccak(utf8.encode(value))
const ENCODERS = {
  bytes32: (value: Hex) => fromHex(value, WORD),
  address: (value: Hex) => fromHex(value, 20),
  string: encodeString,
  'string[]': (values: readonly string[]) => keccak(...values.map(encodeString)),
}

const DOMAIN_TYPE = structType('EIP712Domain', [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
])
