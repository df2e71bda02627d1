import {
  decodeFrame,
  encodeFrame,
  RECEIPTS_PAGE_MAX,
  receiptsReply,
  receiptsRequest,
} from '@aria/sdk/protocol'
import type { ReceiptStore } from '../payments/receipts.ts'

/** One page of public receipts after a cursor: what anyone may know, so anyone may ask. @throws AriaError `bad_frame`. */
export async function answerReceipts(
  frame: Uint8Array,
  receipts: Pick<ReceiptStore, 'after'>,
): Promise<Uint8Array> {
  const { after, limit } = decodeFrame(receiptsRequest, frame, 'receiptsRequest')
  // SQLite's integers end at 2^63; no cursor is that large.
  const cursor = after > CURSOR_MAX ? CURSOR_MAX : after
  const items = receipts.after(cursor, Math.min(limit, RECEIPTS_PAGE_MAX))
  return encodeFrame(receiptsReply, { items })
}

const CURSOR_MAX = 2n ** 63n - 1n
