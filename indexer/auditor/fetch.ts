import type { Host, KnownOffer } from '@aria/sdk/p2p'
import {
  AriaError,
  AUDIT_PROTOCOL,
  type AuditItem,
  auditReply,
  auditRequest,
  decodeFrame,
  encodeFrame,
} from '@aria/sdk/protocol'
import { ask } from '../network/ask.ts'

/** One transcript on a slow line; the provider only reads it from disk. A local window has room for two tries. */
const ITEM_TIMEOUT_MS = 8_000

/** The transcripts under these positions, in their order. @throws AriaError when the provider does not serve them all. */
export async function fetchItems(
  host: Host,
  offer: KnownOffer,
  epoch: number,
  positions: readonly bigint[],
  signal: AbortSignal,
): Promise<AuditItem[]> {
  const request = encodeFrame(auditRequest, { epoch, positions: [...positions] })
  const opening = AbortSignal.any([signal, AbortSignal.timeout(ITEM_TIMEOUT_MS)])
  return await ask({ host, offer, protocol: AUDIT_PROTOCOL, request, signal: opening }, async stream => {
    const items: AuditItem[] = []
    for (const position of positions) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(ITEM_TIMEOUT_MS)])
      const frame = await stream.read({ signal: limit })
      items.push(itemOf(frame, position))
    }
    return items
  })
}

function itemOf(frame: Uint8Array | undefined, position: bigint): AuditItem {
  if (frame === undefined) throw new AriaError('provider_failed', `No transcript for position ${position}.`)
  const { item, reject } = decodeFrame(auditReply, frame, 'auditReply')
  if (reject !== null) throw new AriaError('provider_failed', `The provider refuses: ${reject.message}`)
  if (item === null) throw new AriaError('bad_frame', 'The audit reply is empty.')
  return item
}
