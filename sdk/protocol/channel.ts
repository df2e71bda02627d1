import { encodeAbiParameters } from 'viem'
import { type Address, bytesToUint, concat, fromHex, type Hex, keccakHex, toHex, uintBytes } from './bytes.ts'
import type { ChannelParts, SignedVoucher } from './wire/messages.ts'

const PRIVATE_BIT = 1n << 95n

/** Top bit of the 96-bit salt set: a private channel; its receipts enter no root and earn no work reward. */
export function isPrivateSalt(salt: bigint): boolean {
  return (salt & PRIVATE_BIT) !== 0n
}

export function channelSalt(random: Uint8Array, isPrivate: boolean): bigint {
  const value = bytesToUint(random.subarray(0, 12))
  return isPrivate ? value | PRIVATE_BIT : value & ~PRIVATE_BIT
}

/** id = keccak256(abi.encode(payer, payee, signer, salt)), salt as uint96 (Escrow). */
export function channelId({ payer, signer, salt }: ChannelParts, payee: Address): Hex {
  const types = [{ type: 'address' }, { type: 'address' }, { type: 'address' }, { type: 'uint96' }] as const
  return keccakHex(fromHex(encodeAbiParameters(types, [payer, payee, signer, salt])))
}

/** requestId = keccak256(channelId | nonce u64): unique per channel, so a replay is recognised. */
export function requestId(channel: Hex, nonce: bigint): Hex {
  return keccakHex(fromHex(channel, 32), uintBytes(nonce, 8))
}

/** One 128-byte row of Escrow.redeem: payer20 | signer20 | salt12 | cumulative12 | r32 | vs32 (EIP-2098). */
export function redeemRow(parts: ChannelParts, voucher: SignedVoucher): Uint8Array {
  const bytes = fromHex(voucher.signature, 65)
  const vs = bytes.slice(32, 64)
  const v = bytes[64]!
  if (v === 28 || v === 1) vs[0]! |= 0x80
  return concat(
    fromHex(parts.payer, 20),
    fromHex(parts.signer, 20),
    uintBytes(parts.salt, 12),
    uintBytes(voucher.total, 12),
    bytes.subarray(0, 32),
    vs,
  )
}

export function redeemRows(rows: readonly { parts: ChannelParts; voucher: SignedVoucher }[]): Hex {
  return toHex(concat(...rows.map(({ parts, voucher }) => redeemRow(parts, voucher))))
}
