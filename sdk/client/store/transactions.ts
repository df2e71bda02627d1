import type { DatabaseSync } from 'node:sqlite'
import type { Hex } from '../../protocol/index.ts'

/** A signed transaction, remembered before it is sent: whatever happens, only these very bytes are sent again. */
export interface PendingTransaction {
  hash: Hex
  nonce: number
  raw: Hex
  purpose: string
  channel: Hex
  amount: bigint
}

export interface TransactionStore {
  /** One that a reorganisation took back may be signed again, to the byte: it is pending again. */
  add(transaction: PendingTransaction, nowMs: number): void
  pending(): PendingTransaction[]
  finish(hash: Hex, state: 'mined' | 'failed'): void
}

export function transactionStore(database: DatabaseSync): TransactionStore {
  const insert = database.prepare(
    `insert into transactions (hash, nonce, raw, purpose, channel, amount, state, created_at_ms)
     values (?, ?, ?, ?, ?, ?, 'pending', ?)
     on conflict (hash) do update set state = 'pending'`,
  )
  const select = database.prepare(`select * from transactions where state = 'pending' order by nonce`)
  const update = database.prepare('update transactions set state = ? where hash = ?')

  return {
    add({ hash, nonce, raw, purpose, channel, amount }, nowMs) {
      insert.run(hash, nonce, raw, purpose, channel, String(amount), Math.trunc(nowMs))
    },
    pending: () =>
      select.all().map(row => ({
        hash: row['hash'] as Hex,
        nonce: Number(row['nonce']),
        raw: row['raw'] as Hex,
        purpose: row['purpose'] as string,
        channel: row['channel'] as Hex,
        amount: BigInt(row['amount'] as string),
      })),
    finish(hash, state) {
      update.run(state, hash)
    },
  }
}
