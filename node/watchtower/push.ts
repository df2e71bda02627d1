import {
  type Address,
  AriaError,
  type Deployed,
  type Hex,
  PARCEL_ROWS_MAX,
  type Signer,
} from '@aria/sdk/protocol'
import type { Log } from '../observe/log.ts'
import type { VoucherStore } from '../payments/vouchers.ts'
import { pack } from './parcel.ts'
import { PARCEL_PATH } from './server.ts'

const TIMEOUT_MS = 10_000

export interface PushInit {
  /** Where it listens, and the key that parcels are sealed to. */
  url: string
  tower: Hex
  vouchers: Pick<VoucherStore, 'unredeemed'>
  payee: Address
  deployed: Deployed
  signer: Signer
  log: Log
}

/** Sends vouchers that the watchtower does not have yet; each call sends one parcel at most, the oldest channels first. */
export function watchtowerPush(init: PushInit): () => Promise<void> {
  const { vouchers, payee, deployed, signer, tower, log } = init
  /** What it acknowledged, per channel. A restart only sends once more. */
  const sent = new Map<Hex, bigint>()
  return async () => {
    const unredeemed = vouchers.unredeemed(PARCEL_ROWS_MAX * 10)
    const open = new Set(unredeemed.map(({ id }) => id))
    for (const id of sent.keys()) if (!open.has(id)) sent.delete(id)
    const news = unredeemed
      .filter(({ id, best }) => best !== undefined && best.total > (sent.get(id) ?? 0n))
      .slice(0, PARCEL_ROWS_MAX)
    if (news.length === 0) return
    const rows = news.map(({ parts, best }) => ({ parts, voucher: best! }))
    await post(new URL(PARCEL_PATH, init.url), await pack(rows, { payee, deployed, signer, tower }))
    for (const { id, best } of news) sent.set(id, best!.total)
    log.debug({ channels: news.length }, 'Vouchers sent to the watchtower')
  }
}

async function post(url: URL, body: Uint8Array): Promise<void> {
  const hint = 'Check ARIA_WATCHTOWER_URL and that the watchtower runs; vouchers stay on this disk meanwhile.'
  let response: Response
  try {
    response = await fetch(url, {
      ...{ method: 'POST', body: Buffer.from(body), redirect: 'error' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (cause) {
    throw new AriaError('not_found', `No watchtower answers at ${url.origin}.`, { hint, cause })
  }
  if (response.ok) return
  const answer = (await response.text()).slice(0, 400)
  throw new AriaError('not_found', `The watchtower answered ${response.status}: ${answer}`, { hint })
}
