import { join } from 'node:path'
import type { Deployment, SignedVoucher } from '../../protocol/index.ts'
import { type ChannelStore, channelStore } from './channels.ts'
import { inTransaction, openDatabase, readDatabase, unhurried } from './database.ts'
import { walFlush } from './flush.ts'
import { type ProviderStore, providerStore } from './providers.ts'
import { type ReceiptEntry, type ReceiptStore, receiptStore } from './receipts.ts'
import { type TransactionStore, transactionStore } from './transactions.ts'

export type { ChannelRow, ChannelStore } from './channels.ts'
export type { ProviderRecord, ProviderStore } from './providers.ts'
export type { ReceiptStore } from './receipts.ts'
export type { PendingTransaction, TransactionStore } from './transactions.ts'

/** Everything the client must not forget: channels and signed totals, transactions, providers, receipts. */
export interface Store {
  channels: ChannelStore
  transactions: TransactionStore
  providers: ProviderStore
  receipts: Pick<ReceiptStore, 'totals'>
  /** The end of a request: its receipt, the debt that it states, and the voucher for it where one is missing, at once; on disk when it resolves. */
  settle(entry: ReceiptEntry, voucher: SignedVoucher | undefined): Promise<void>
  close(): void
}

/** Books of different deployments never mix: a fresh local chain can have the same addresses, but not the same genesis. */
export function storePath(directory: string, { chainId, genesis, contracts }: Deployment): string {
  return join(directory, `client-${chainId}-${contracts.escrow.slice(2, 10)}-${genesis}.sqlite`)
}

/** What `aria money` shows, also while a gateway writes the books. Nothing can be changed through it. */
export interface StoreView {
  channels: Pick<ChannelStore, 'all'>
  transactions: Pick<TransactionStore, 'pending'>
  close(): void
}

export function readStore(path: string): StoreView {
  const database = readDatabase(path)
  return {
    channels: channelStore(database),
    transactions: transactionStore(database),
    close: () => database.close(),
  }
}

/** @throws AriaError `storage_locked` when another process has the file open. */
export function openStore(path: string): Store {
  const database = openDatabase(path)
  const flush = path === ':memory:' ? undefined : walFlush(path)
  const channels = channelStore(database, flush)
  const receipts = receiptStore(database)
  return {
    ...{ channels, receipts },
    transactions: transactionStore(database),
    providers: providerStore(database),
    async settle(entry, voucher) {
      const { channel, receipt, receivedAtMs } = entry
      const debt = { due: receipt.cumulativeDue, settled: true, voucher }
      unhurried(database, () =>
        inTransaction(database, () => {
          channels.book(channel, debt, receivedAtMs)
          receipts.add(entry)
        }),
      )
      await flush?.()
    },
    close: () => {
      flush?.close()
      database.close()
    },
  }
}
