import { existsSync, readdirSync } from 'node:fs'
import { readStore, storePath } from '@aria/sdk/client'
import type { Address, Deployment, Hex } from '@aria/sdk/protocol'
import { readDatabase } from '../payments/database.ts'
import type { BookedChannel } from './channels.ts'
import type { MoneyItem } from './item.ts'

const WHY =
  'sent, its outcome is not known yet; the same bytes are sent again until the chain used their nonce'

/** Transactions under way from this data directory: a provider's, and those of `aria money`. */
export function pendingOfNode(dataDir: string, account: Address): MoneyItem[] {
  if (!existsSync(dataDir)) return []
  const books = readdirSync(dataDir).flatMap(file => /^(provider|wallet-\w+)\.sqlite$/.exec(file)?.[1] ?? [])
  return books.flatMap(name => {
    const database = readDatabase(dataDir, name)!
    try {
      const rows = database.prepare("select purpose, hash from transactions where state = 'pending'").all()
      return (rows as { purpose: string; hash: Hex }[]).map(({ purpose, hash }): MoneyItem => {
        const command = name === 'provider' ? 'aria provider start' : `aria money ${purpose.split(' ')[0]}`
        return {
          ...{ kind: 'transaction', holder: 'nothing', account, id: hash, amount: 0n, until: undefined },
          ...{ why: `"${purpose}": ${WHY}`, command },
        }
      })
    } finally {
      database.close()
    }
  })
}

/** What a client's books say, also while its gateway runs. */
export function clientBooks(
  dataDir: string,
  deployment: Deployment,
): { payers: Address[]; channels: BookedChannel[]; pending: MoneyItem[] } | undefined {
  const path = storePath(dataDir, deployment)
  if (!existsSync(path)) return undefined
  const store = readStore(path)
  try {
    const channels = store.channels.all()
    const payers = [...new Set(channels.map(({ parts }) => parts.payer))]
    const pending = store.transactions.pending().map(({ hash, purpose, amount, channel }): MoneyItem => {
      const account = channels.find(({ id }) => id === channel)?.parts.payer ?? payers[0]!
      return {
        ...{ kind: 'transaction', holder: 'nothing', account, id: hash, amount, until: undefined },
        ...{ why: `"${purpose}" of channel ${channel}: ${WHY}`, command: 'aria gateway' },
      }
    })
    return { payers, channels, pending }
  } finally {
    store.close()
  }
}
