import type { DatabaseSync } from 'node:sqlite'
import { encodeFrame, type Hex, type Receipt, receiptStruct } from '../../protocol/index.ts'

/** The provider's signed word on each paid request, without prompt or output. */
export interface ReceiptStore {
  add(entry: ReceiptEntry): void
  totals(): { requests: number; spent: bigint }
}

export interface ReceiptEntry {
  requestId: Hex
  channel: Hex
  receiptHash: Hex
  receipt: Receipt
  signature: Hex
  cost: bigint
  receivedAtMs: number
}

export function receiptStore(database: DatabaseSync): ReceiptStore {
  const insert = database.prepare('insert or replace into receipts values (?, ?, ?, ?, ?, ?, ?)')
  const costs = database.prepare('select cost from receipts')
  let requests = 0
  let spent = 0n
  for (const row of costs.iterate()) {
    requests++
    spent += BigInt(row['cost'] as string)
  }

  return {
    add({ requestId, channel, receiptHash, receipt, signature, cost, receivedAtMs }) {
      const bytes = encodeFrame(receiptStruct, receipt)
      insert.run(requestId, channel, receiptHash, bytes, signature, String(cost), Math.trunc(receivedAtMs))
      requests++
      spent += cost
    },
    totals: () => ({ requests, spent }),
  }
}
