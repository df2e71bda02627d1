import type { Host, KnownOffer } from '@aria/sdk/p2p'
import {
  AriaError,
  decodeFrame,
  encodeFrame,
  RECEIPTS_PAGE_MAX,
  RECEIPTS_PROTOCOL,
  type ReceiptsReply,
  receiptsReply,
  receiptsRequest,
} from '@aria/sdk/protocol'
import { ask } from './ask.ts'

/** A page is a few hundred kilobytes at most. */
const PAGE_TIMEOUT_MS = 10_000

/** One page of a provider's public receipts after `after`. @throws AriaError: the provider's fault, or it is away. */
export async function pullPage(
  host: Host,
  offer: KnownOffer,
  after: bigint,
  signal: AbortSignal,
): Promise<ReceiptsReply['items']> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)])
  const request = encodeFrame(receiptsRequest, { after, limit: RECEIPTS_PAGE_MAX })
  const question = { host, offer, protocol: RECEIPTS_PROTOCOL, request, signal: limit }
  const frame = await ask(question, stream => stream.read({ signal: limit }))
  if (frame === undefined) throw new AriaError('bad_frame', 'The provider closed without an answer.')
  const { items } = decodeFrame(receiptsReply, frame, 'receiptsReply')
  let last = after
  for (const { cursor } of items) {
    if (cursor <= last) throw new AriaError('bad_frame', `Cursor ${cursor} does not follow ${last}.`)
    last = cursor
  }
  return items
}
