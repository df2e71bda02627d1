import {
  AriaError,
  type Deployed,
  type Hex,
  type SignedVoucher,
  type Signer,
  signStruct,
} from '../../protocol/index.ts'
import type { ChannelStore } from '../store/index.ts'

export interface VoucherComponents {
  channels: ChannelStore
  signer: Signer
  deployed: Deployed
}

export interface Signed {
  /** The largest that was ever signed. */
  voucher: SignedVoucher
  /** What the provider has not seen yet. */
  fresh: SignedVoucher | undefined
}

/**
 * A voucher of at least `total`. When more was signed before (credit of an earlier request), that one serves; nothing
 * smaller is ever signed. `book` must have it on disk before it leaves. The caller holds the channel's lease.
 */
export async function signTotal(
  { channels, signer, deployed }: VoucherComponents,
  id: Hex,
  total: bigint,
): Promise<Signed> {
  const { signed, balance } = channels.get(id)!
  if (signed !== null && signed.total >= total) return { voucher: signed, fresh: undefined }
  if (total > balance) {
    throw new AriaError('internal', `A voucher of ${total} would exceed the channel's balance of ${balance}.`)
  }
  const value = { channelId: id, maxClaimableAmount: total }
  const voucher = { total, signature: await signStruct('Voucher', value, deployed, signer) }
  return { voucher, fresh: voucher }
}
