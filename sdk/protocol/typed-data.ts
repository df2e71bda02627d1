import { type Address, bytesToUint, fromHex, type Hex, sameAddress, toHex } from './bytes.ts'
import { AriaError } from './errors.ts'
import { addressOfKey, recoverAddress, signDigest } from './secp256k1.ts'
import { domainSeparator, hashStruct, type StructType, structType, typedDigest } from './struct-hash.ts'
import type { Codec, StructValue } from './wire/codec.ts'
import {
  checkpointStruct,
  offerStruct,
  quoteStruct,
  receiptStruct,
  requestStruct,
  resumeStruct,
  voucherStruct,
} from './wire/messages.ts'

/** Which deployment a signature belongs to; part of every EIP-712 domain, so nothing replays elsewhere. */
export interface Deployed {
  chainId: number
  escrow: Address
  audits: Address
}

export const SIGNED = {
  Offer: offerStruct,
  Quote: quoteStruct,
  Request: requestStruct,
  Checkpoint: checkpointStruct,
  Resume: resumeStruct,
  Receipt: receiptStruct,
  Voucher: voucherStruct,
} as const
export type SignedName = keyof typeof SIGNED
export type SignedValue<N extends SignedName> = StructValue<(typeof SIGNED)[N]['fields']>

/** EIP-712 member list of a struct, derived from its wire codec so that both can never differ. */
export function members(name: SignedName): { name: string; type: string }[] {
  const fields = SIGNED[name].fields as Record<string, Codec<unknown>>
  return Object.entries(fields).map(([field, codec]) => ({ name: field, type: codec.solidity! }))
}

const TYPES = Object.fromEntries(
  (Object.keys(SIGNED) as SignedName[]).map(name => [name, structType(name, members(name))]),
) as Record<SignedName, StructType>

/** Separators of the domain of money and of the domain of work; a process knows one deployment, tests a few. */
const separators = new WeakMap<Deployed, { escrow: Uint8Array; jobs: Uint8Array }>()

function separatorOf(name: SignedName, deployed: Deployed): Uint8Array {
  let known = separators.get(deployed)
  if (known === undefined) {
    const { chainId, escrow, audits } = deployed
    const version = '1'
    known = {
      escrow: domainSeparator({ name: 'ARIA Escrow', version, chainId, verifyingContract: escrow }),
      jobs: domainSeparator({ name: 'ARIA Jobs', version, chainId, verifyingContract: audits }),
    }
    separators.set(deployed, known)
  }
  return name === 'Voucher' ? known.escrow : known.jobs
}

/** EIP-712 digest: keccak256(0x1901 | domainSeparator | hashStruct). */
export function digest<N extends SignedName>(name: N, value: SignedValue<N>, deployed: Deployed): Hex {
  return toHex(digestBytes(name, value, deployed))
}

function digestBytes<N extends SignedName>(name: N, value: SignedValue<N>, deployed: Deployed): Uint8Array {
  return typedDigest(separatorOf(name, deployed), hashStruct(TYPES[name], value))
}

/** Whoever holds a key signs digests; keys never leave the holder. */
export interface Signer {
  readonly address: Address
  sign(digest: Hex): Promise<Hex>
}

export function keySigner(privateKey: Hex): Signer {
  const key = fromHex(privateKey, 32)
  return {
    address: addressOfKey(key),
    sign: async hash => toHex(signDigest(fromHex(hash, 32), key)),
  }
}

export function signStruct<N extends SignedName>(
  name: N,
  value: SignedValue<N>,
  deployed: Deployed,
  signer: Signer,
): Promise<Hex> {
  return signer.sign(digest(name, value, deployed))
}

/** Half of secp256k1's group order. */
const LOW_S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Contracts accept one form of a signature only (EIP-2: low s; EIP-2098 keeps v in its place). The other form would
 * prove the signer here and be worthless there.
 */
function requireCanonical(name: SignedName, signature: Uint8Array): void {
  const isLow = bytesToUint(signature.subarray(32, 64)) <= LOW_S_MAX
  if (isLow && (signature[64] === 27 || signature[64] === 28)) return
  throw new AriaError('bad_signature', `The ${name} carries a signature that no contract accepts.`, {
    hint: 'Sign with low s (EIP-2) and v 27 or 28.',
  })
}

/** Address that signed, lower case. @throws AriaError `bad_signature` when no key fits. */
export async function recoverStruct<N extends SignedName>(
  name: N,
  value: SignedValue<N>,
  signature: Hex,
  deployed: Deployed,
): Promise<Address> {
  const bytes = fromHex(signature, 65)
  requireCanonical(name, bytes)
  const address = recoverAddress(digestBytes(name, value, deployed), bytes)
  if (address !== undefined) return address
  throw new AriaError('bad_signature', `The ${name} carries no valid signature.`)
}

/** @throws AriaError `bad_signature` unless `expected` signed exactly this value. */
export async function requireSigner<N extends SignedName>(
  name: N,
  value: SignedValue<N>,
  signature: Hex,
  deployed: Deployed,
  expected: Address,
): Promise<void> {
  const signer = await recoverStruct(name, value, signature, deployed)
  if (sameAddress(signer, expected)) return
  throw new AriaError('bad_signature', `The ${name} was signed by ${signer}, not by ${expected}.`, {
    facts: { signer, expected, chainId: deployed.chainId },
    hint: 'Check that both sides use the same deployment and key.',
  })
}
