import {
  type AnyPgColumn,
  integer,
  type PgColumnBuilderBase,
  type PgTableExtraConfigValue,
  pgTable,
  primaryKey,
} from 'drizzle-orm/pg-core'
import { blocks } from './blocks.ts'
import { whole } from './columns.ts'

const key = () => ({
  blockNumber: whole('block_number').references(() => blocks.number, { onDelete: 'cascade' }),
  logIndex: integer('log_index').notNull(),
})

/**
 * A table that holds one contract event exactly as emitted, keyed by its place in the chain.
 * Column properties are the event's argument names, so a decoded log is a row (ingest/decode.ts).
 */
export function eventTable<Name extends string, Columns extends Record<string, PgColumnBuilderBase>>(
  name: Name,
  columns: Columns,
  indexes: (table: { [K in keyof Columns]: AnyPgColumn }) => PgTableExtraConfigValue[] = () => [],
) {
  return pgTable(name, { ...key(), ...columns }, table => {
    const built = table as unknown as { blockNumber: AnyPgColumn; logIndex: AnyPgColumn } & {
      [K in keyof Columns]: AnyPgColumn
    }
    return [primaryKey({ columns: [built.blockNumber, built.logIndex] }), ...indexes(built)]
  })
}
