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

/**
 * A voucher of at least `total`, on disk before it is returned. When more was signed before (credit of an earlier
 * request), that voucher serves; nothing smaller is ever signed.
 * The caller holds the channel's lease.
 */
export async function signTotal(
  { channels, signer, deployed }: VoucherComponents,
  id: Hex,
  total: bigint,
): Promise<SignedVoucher> {
  const { signed, balance } = channels.get(id)!
  if (signed !== null && signed.total >= total) return signed
  if (total > balance) {
    throw new AriaError('internal', `A voucher of ${total} would exceed the channel's balance of ${balance}.`)
  }
  const value = { channelId: id, maxClaimableAmount: total }
  const voucher = { total, signature: await signStruct('Voucher', value, deployed, signer) }
  channels.raiseSigned(id, voucher)
  return voucher
}
