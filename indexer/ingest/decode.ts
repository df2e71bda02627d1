import type { Deployment } from '@aria/sdk/protocol'
import { getTableColumns } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { decodeEventLog, type Log } from 'viem'
import { MIRRORS, type Source } from './events.ts'

export interface DecodedEvent {
  table: PgTable
  /** Event name, for change notices. */
  name: string
  row: Record<string, unknown>
}

type MinedLog = Log<bigint, number, false>

export function sourceAddresses(deployment: Deployment): Map<string, Source> {
  const sources = Object.keys(MIRRORS) as Source[]
  return new Map(sources.map(source => [deployment.contracts[source], source]))
}

/** Undefined for events without a table. */
export function decodeLog(log: MinedLog, sources: ReadonlyMap<string, Source>): DecodedEvent | undefined {
  const source = sources.get(log.address.toLowerCase())
  if (source === undefined) return undefined
  const { abi, tables } = MIRRORS[source]
  const { eventName, args } = decodeEventLog({ abi, data: log.data, topics: log.topics })
  const table = tables[eventName ?? '']
  if (table === undefined) return undefined
  const row = rowOf(table, flattened(args as unknown as Record<string, unknown>))
  return {
    table,
    name: eventName!,
    row: { ...row, blockNumber: Number(log.blockNumber), logIndex: log.logIndex },
  }
}

/** A struct argument (manifest, split) becomes columns of its own. */
function flattened(args: Record<string, unknown>): Record<string, unknown> {
  const structs = Object.values(args).filter(value => typeof value === 'object' && value !== null)
  return Object.assign({}, args, ...structs)
}

/** Column properties are argument names; a missing one would be a bug of the schema, so the insert fails loudly. */
function rowOf(table: PgTable, args: Record<string, unknown>): Record<string, unknown> {
  const columns = Object.entries(getTableColumns(table))
  return Object.fromEntries(columns.map(([name, column]) => [name, stored(args[name], column.dataType)]))
}

function stored(value: unknown, dataType: string): unknown {
  if (typeof value === 'bigint' && dataType === 'number') return Number(value)
  if (typeof value === 'number' && dataType === 'bigint') return BigInt(value)
  return typeof value === 'string' ? value.toLowerCase() : value
}
