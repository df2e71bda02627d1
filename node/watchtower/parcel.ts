import {
  type Address,
  AriaError,
  type ChannelParts,
  channelId,
  type Deployed,
  decodeFrame,
  encodeFrame,
  fromHex,
  type Hex,
  keccakHex,
  PARCEL_BYTES_MAX,
  PARCEL_ROWS_MAX,
  type ParcelContent,
  parcel,
  parcelContent,
  requireSigner,
  type SignedVoucher,
  type Signer,
} from '@aria/sdk/protocol'
import { recoverAddress } from 'viem'
import { type SealKey, seal, unseal } from './seal.ts'

const DOMAIN = new TextEncoder().encode('aria-watchtower-1')

export interface KeptVoucher {
  id: Hex
  parts: ChannelParts
  voucher: SignedVoucher
}

export interface Parcel {
  /** Who signed it. */
  node: Address
  payee: Address
  /** Every voucher was found to be signed by its channel's signer. */
  vouchers: KeptVoucher[]
}

const digestOf = (content: ParcelContent): Hex => keccakHex(DOMAIN, encodeFrame(parcelContent, content))

/** The first PARCEL_ROWS_MAX vouchers, signed by the node and sealed to the watchtower. */
export async function pack(
  vouchers: readonly Omit<KeptVoucher, 'id'>[],
  { payee, deployed, signer, tower }: { payee: Address; deployed: Deployed; signer: Signer; tower: Hex },
): Promise<Uint8Array> {
  const rows = vouchers
    .slice(0, PARCEL_ROWS_MAX)
    .map(({ parts, voucher }) => ({ channel: parts, total: voucher.total, signature: voucher.signature }))
  const content = { chainId: BigInt(deployed.chainId), escrow: deployed.escrow, payee, rows }
  const signature = await signer.sign(digestOf(content))
  return seal(encodeFrame(parcel, { content, signature }), tower)
}

/**
 * Opens a parcel and checks all that it claims. Order and repetition do not matter: vouchers are running totals, and the
 * watchtower keeps the largest of each channel.
 * @throws AriaError `frame_too_large`, `bad_proof`, `bad_frame`, `wrong_chain`, `bad_signature`.
 */
export async function unpack(sealed: Uint8Array, key: SealKey, deployed: Deployed): Promise<Parcel> {
  if (sealed.length > PARCEL_BYTES_MAX) {
    throw new AriaError('frame_too_large', `A parcel of ${sealed.length} bytes exceeds ${PARCEL_BYTES_MAX}.`)
  }
  const { content, signature } = decodeFrame(parcel, unseal(sealed, key), 'parcel')
  const { chainId, escrow, payee } = content
  if (chainId !== BigInt(deployed.chainId) || escrow !== deployed.escrow) {
    throw new AriaError('wrong_chain', `The parcel is for escrow ${escrow} on chain ${chainId}.`, {
      facts: { chainId, escrow, expected: deployed },
      hint: 'Use the watchtower of this deployment.',
    })
  }
  const node = await signerOf(content, signature)
  const vouchers: KeptVoucher[] = []
  for (const { channel: parts, total, signature: signed } of content.rows) {
    const id = channelId(parts, payee)
    const value = { channelId: id, maxClaimableAmount: total }
    await requireSigner('Voucher', value, signed, deployed, parts.signer)
    vouchers.push({ id, parts, voucher: { total, signature: signed } })
  }
  return { node, payee, vouchers }
}

async function signerOf(content: ParcelContent, signature: Hex): Promise<Address> {
  try {
    fromHex(signature, 65)
    const address = await recoverAddress({ hash: digestOf(content), signature })
    return address.toLowerCase() as Address
  } catch (cause) {
    throw new AriaError('bad_signature', 'The parcel carries no valid signature.', { cause })
  }
}
