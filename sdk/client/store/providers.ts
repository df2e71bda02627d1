import type { DatabaseSync } from 'node:sqlite'
import type { Address } from '../../protocol/index.ts'
import { unhurried } from './database.ts'

/** What this client itself saw of a provider; never what the provider says of itself. */
export interface ProviderRecord {
  node: Address
  operator: Address
  served: number
  failed: number
  strikes: number
  firstTokenMs: number | undefined
  tokensPerSecond: number | undefined
  avoidUntilMs: number
  avoidReason: string
}

export interface ProviderStore {
  get(node: Address): ProviderRecord | undefined
  all(): ProviderRecord[]
  put(record: ProviderRecord): void
}

type Row = Record<string, unknown>

function toRecord(row: Row): ProviderRecord {
  return {
    node: row['node'] as Address,
    operator: row['operator'] as Address,
    served: Number(row['served']),
    failed: Number(row['failed']),
    strikes: Number(row['strikes']),
    firstTokenMs: (row['first_token_ms'] as number | null) ?? undefined,
    tokensPerSecond: (row['tokens_per_second'] as number | null) ?? undefined,
    avoidUntilMs: Number(row['avoid_until_ms']),
    avoidReason: row['avoid_reason'] as string,
  }
}

export function providerStore(database: DatabaseSync): ProviderStore {
  const select = database.prepare('select * from providers where node = ?')
  const selectAll = database.prepare('select * from providers order by node')
  const upsert = database.prepare('insert or replace into providers values (?, ?, ?, ?, ?, ?, ?, ?, ?)')

  return {
    get(node) {
      const row = select.get(node)
      return row && toRecord(row)
    },
    all: () => selectAll.all().map(toRecord),
    put(record) {
      const { node, operator, served, failed, strikes, avoidReason } = record
      const speed = [record.firstTokenMs ?? null, record.tokensPerSecond ?? null]
      const avoid = [Math.trunc(record.avoidUntilMs), avoidReason]
      // Observations, not money.
      unhurried(database, () => upsert.run(node, operator, served, failed, strikes, ...speed, ...avoid))
    },
  }
}
