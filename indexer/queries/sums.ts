import { type AnyColumn, type SQL, sql } from 'drizzle-orm'

/** Exact sum of a numeric(78) column; zero over no rows. */
export function sumOf(column: AnyColumn | SQL): SQL<bigint> {
  return sql`coalesce(sum(${column}), 0)`.mapWith(value => BigInt(value))
}

/** Count or sum that stays below 2^53. */
export function countOf(): SQL<number> {
  return sql`count(*)`.mapWith(Number)
}

export function totalOf(column: AnyColumn): SQL<number> {
  return sql`coalesce(sum(${column}), 0)`.mapWith(Number)
}
