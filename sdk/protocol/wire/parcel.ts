import { address, list, signature, struct, uint64, uint96, type ValueOf } from './codec.ts'
import { channelParts } from './messages.ts'

/** Vouchers of one parcel, about 160 bytes each. */
export const PARCEL_ROWS_MAX = 1_000
export const PARCEL_BYTES_MAX = 256 * 1024

export const parcelRow = struct({ channel: channelParts, total: uint96, signature })

/** The best vouchers of one payee's channels, for whoever may redeem them in its place. */
export const parcelContent = struct({
  chainId: uint64,
  escrow: address,
  payee: address,
  rows: list(parcelRow, PARCEL_ROWS_MAX),
})
export type ParcelContent = ValueOf<typeof parcelContent>

/** Signed by the node's key, so that a watchtower knows for whom it pays gas. */
export const parcel = struct({ content: parcelContent, signature })
