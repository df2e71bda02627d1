import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AriaError } from '@aria/sdk/protocol'
import { PGlite } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js'
import { migrate as migratePostgres } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { acquireLock } from './lock.ts'
import * as schema from './schema/index.ts'

/** PGlite and PostgreSQL look the same from here on. Raw `execute` is the one call whose result differs: avoid it. */
export type Database = PgDatabase<PgQueryResultHKT, typeof schema>
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

export interface OpenDatabase {
  db: Database
  close(): Promise<void>
}

const migrationsFolder = fileURLToPath(new URL('./drizzle', import.meta.url))
const PGLITE = 'pglite://'
const CONNECTIONS_MAX = 8

/** Opens and migrates `pglite://directory`, `pglite://` (in memory, for tests) or `postgres://…`. */
export function openDb(url: string): Promise<OpenDatabase> {
  if (url.startsWith(PGLITE)) return openPglite(url.slice(PGLITE.length))
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url)
  throw new AriaError(
    'bad_config',
    `DATABASE_URL must start with pglite:// or postgres://, not "${schemeOf(url)}".`,
  )
}

/** Never shows the rest of the address: it may hold a password. */
function schemeOf(url: string): string {
  return url.split(':', 1)[0] ?? ''
}

async function openPglite(directory: string): Promise<OpenDatabase> {
  if (directory === '') return migratedPglite(await PGlite.create())
  const path = resolve(directory)
  mkdirSync(path, { recursive: true })
  const lock = acquireLock(path)
  try {
    const { db, close } = await migratedPglite(await PGlite.create(path))
    return { db, close: () => close().finally(lock.release) }
  } catch (thrown) {
    lock.release()
    throw thrown
  }
}

async function migratedPglite(client: PGlite): Promise<OpenDatabase> {
  const db = drizzlePglite(client, { schema })
  await migratePglite(db, { migrationsFolder })
  return { db, close: () => client.close() }
}

async function openPostgres(url: string): Promise<OpenDatabase> {
  const client = postgres(url, { max: CONNECTIONS_MAX, onnotice: () => {} })
  const db = drizzlePostgres(client, { schema })
  try {
    await migratePostgres(db, { migrationsFolder })
  } catch (thrown) {
    await client.end()
    throw thrown
  }
  return { db, close: () => client.end() }
}
