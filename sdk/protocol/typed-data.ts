import { hashTypedData, recoverAddress } from 'viem'
import { privateKeyToAddress, sign } from 'viem/accounts'
import { type Address, bytesToUint, fromHex, type Hex, sameAddress } from './bytes.ts'
import { AriaError } from './errors.ts'
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

function domain(name: SignedName, deployed: Deployed) {
  const { chainId } = deployed
  if (name === 'Voucher')
    return { name: 'ARIA Escrow', version: '1', chainId, verifyingContract: deployed.escrow }
  return { name: 'ARIA Jobs', version: '1', chainId, verifyingContract: deployed.audits }
}

/** EIP-712 member list of a struct, derived from its wire codec so that both can never differ. */
export function members(name: SignedName): { name: string; type: string }[] {
  const fields = SIGNED[name].fields as Record<string, Codec<unknown>>
  return Object.entries(fields).map(([field, codec]) => ({ name: field, type: codec.solidity! }))
}

/** EIP-712 digest: keccak256(0x1901 | domainSeparator | hashStruct). */
export function digest<N extends SignedName>(name: N, value: SignedValue<N>, deployed: Deployed): Hex {
  const types: Record<string, { name: string; type: string }[]> = { [name]: members(name) }
  const message: Record<string, unknown> = value
  return hashTypedData({ domain: domain(name, deployed), types, primaryType: name as string, message })
}

/** Whoever holds a key signs digests; keys never leave the holder. */
export interface Signer {
  readonly address: Address
  sign(digest: Hex): Promise<Hex>
}

export function keySigner(privateKey: Hex): Signer {
  return {
    address: privateKeyToAddress(privateKey).toLowerCase() as Address,
    sign: hash => sign({ hash, privateKey, to: 'hex' }),
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
function requireCanonical(name: SignedName, signature: Hex): void {
  const bytes = fromHex(signature, 65)
  const isLow = bytesToUint(bytes.subarray(32, 64)) <= LOW_S_MAX
  if (isLow && (bytes[64] === 27 || bytes[64] === 28)) return
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
  requireCanonical(name, signature)
  try {
    const address = await recoverAddress({ hash: digest(name, value, deployed), signature })
    return address.toLowerCase() as Address
  } catch (cause) {
    throw new AriaError('bad_signature', `The ${name} carries no valid signature.`, { cause })
  }
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
