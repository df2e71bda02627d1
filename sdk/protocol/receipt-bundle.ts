import * as v from 'valibot'
import { type Address, bytesToTokens, fromHex, type Hex, toHex, tokenBytes } from './bytes.ts'
import { AriaError } from './errors.ts'
import type { Codec, Fields } from './wire/codec.ts'
import {
  type ChannelParts,
  type Quote,
  quoteStruct,
  type Receipt,
  type Request,
  receiptStruct,
  requestStruct,
} from './wire/messages.ts'

/**
 * A receipt with all that it signs for: one JSON file that anyone can check without the client or the provider.
 * Amounts and u64 are decimal strings; tokens are hex of u32 little endian, the bytes that the commitments hash.
 */
export interface ReceiptBundle {
  version: typeof RECEIPT_BUNDLE_VERSION
  deployment: { chainId: number; escrow: Address; audits: Address; staking: Address }
  provider: { node: Address; operator: Address; payee: Address; engineMajor: number }
  /** Who pays and who signs; with the payee it gives the channel's id. */
  channel: ChannelParts
  quote: Quote
  quoteSignature: Hex
  request: Request
  requestSignature: Hex
  receipt: Receipt
  receiptSignature: Hex
  receiptHash: Hex
  cost: bigint
  salt: Hex
  prompt: Uint32Array
  output: Uint32Array
}

export const RECEIPT_BUNDLE_VERSION = 1
/** Text of the largest bundle that is read: prompt and output in hex, and the rest. */
export const RECEIPT_BUNDLE_CHARS_MAX = 2 * 65_536 * 8 + 65_536

const hex = (byteCount: number) =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^0x[0-9a-fA-F]{${byteCount * 2}}$`), `must be ${byteCount} bytes of hex`),
    v.transform(text => text.toLowerCase() as Hex),
  )
const uint = (bits: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** bits - 1))
const decimal = (bits: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,40}$/, 'must be a decimal integer'),
    v.transform((text): bigint => BigInt(text)),
    v.maxValue((1n << BigInt(bits)) - 1n, `must fit ${bits} bits`),
  )
const tokens = v.pipe(
  v.string(),
  v.regex(/^0x([0-9a-fA-F]{8})*$/, 'must be whole u32 tokens in hex'),
  v.transform(text => bytesToTokens(fromHex(text))),
)

/** The JSON form of a signed struct follows from its wire codec, field by field. */
function structSchema(fields: Fields) {
  const entries = Object.entries(fields).map(([name, codec]) => [name, fieldSchema(codec as Codec<unknown>)])
  return v.strictObject(Object.fromEntries(entries))
}

function fieldSchema({ solidity = '' }: Codec<unknown>) {
  if (solidity === 'bytes32') return hex(32)
  const bits = Number(/^uint(\d+)$/.exec(solidity)?.[1])
  return bits > 53 ? decimal(bits) : uint(bits)
}

const schema = v.object({
  version: v.literal(RECEIPT_BUNDLE_VERSION),
  deployment: v.object({ chainId: uint(53), escrow: hex(20), audits: hex(20), staking: hex(20) }),
  provider: v.object({ node: hex(20), operator: hex(20), payee: hex(20), engineMajor: uint(32) }),
  channel: v.object({ payer: hex(20), signer: hex(20), salt: decimal(96) }),
  quote: structSchema(quoteStruct.fields),
  quoteSignature: hex(65),
  request: structSchema(requestStruct.fields),
  requestSignature: hex(65),
  receipt: structSchema(receiptStruct.fields),
  receiptSignature: hex(65),
  receiptHash: hex(32),
  cost: decimal(96),
  salt: hex(32),
  prompt: tokens,
  output: tokens,
})

export function stringifyReceiptBundle(bundle: ReceiptBundle): string {
  const plain = (_: string, value: unknown) => {
    if (typeof value === 'bigint') return value.toString()
    return value instanceof Uint32Array ? toHex(tokenBytes(value)) : value
  }
  return JSON.stringify(bundle, plain, 2)
}

/** @throws AriaError `bad_proof` naming the field. */
export function parseReceiptBundle(text: string, source: string): ReceiptBundle {
  const hint = 'Give the JSON that GET /aria/receipts/{requestId} returns.'
  if (text.length > RECEIPT_BUNDLE_CHARS_MAX) {
    throw new AriaError('bad_proof', `${source}: ${text.length} characters are too many.`, { hint })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new AriaError('bad_proof', `${source} is not JSON.`, { hint, cause })
  }
  const parsed = v.safeParse(schema, json)
  if (parsed.success) return parsed.output as unknown as ReceiptBundle
  const [issue] = parsed.issues
  throw new AriaError('bad_proof', `${source}: ${v.getDotPath(issue) ?? 'file'}: ${issue.message}`, { hint })
}
