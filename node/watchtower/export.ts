import {
  type Address,
  AriaError,
  type Deployed,
  type Hex,
  PARCEL_ROWS_MAX,
  type Signer,
} from '@aria/sdk/protocol'
import { readDatabase } from '../payments/database.ts'
import { voucherStore } from '../payments/vouchers.ts'
import { pack } from './parcel.ts'

/** The oldest unredeemed vouchers of a provider's books in one sealed parcel, also while the provider runs. */
export async function exportVouchers(
  dataDir: string,
  where: { payee: Address; deployed: Deployed; signer: Signer; tower: Hex },
): Promise<{ sealed: Uint8Array; channels: number; left: number }> {
  const database = readDatabase(dataDir)
  if (database === undefined) {
    throw new AriaError('not_found', `There are no provider's books in ${dataDir}.`, {
      hint: 'Set ARIA_DATA_DIR (or --data-dir) to the data directory of the provider.',
    })
  }
  try {
    const unredeemed = voucherStore(database).unredeemed(PARCEL_ROWS_MAX * 100)
    const rows = unredeemed.flatMap(({ parts, best }) =>
      best === undefined ? [] : [{ parts, voucher: best }],
    )
    const channels = Math.min(rows.length, PARCEL_ROWS_MAX)
    return { sealed: await pack(rows, where), channels, left: rows.length - channels }
  } finally {
    database.close()
  }
}
