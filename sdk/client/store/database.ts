import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AriaError } from '../../protocol/index.ts'

const SCHEMA_VERSION = 1

/** Amounts are decimal text: SQLite integers end at 2^63, wei do not. */
const SCHEMA = `
create table if not exists channels (
  id text primary key,
  payer text not null,
  payee text not null,
  signer text not null,
  salt text not null,
  node text not null,
  operator text not null,
  balance text not null,
  claimed text not null,
  thaw_end integer not null,
  due text not null,
  settled integer not null,
  signed_total text not null,
  signed_signature text,
  next_nonce integer not null,
  created_at_ms integer not null,
  used_at_ms integer not null
) strict;
create table if not exists transactions (
  hash text primary key,
  nonce integer not null,
  raw text not null,
  purpose text not null,
  channel text not null,
  amount text not null,
  state text not null check (state in ('pending', 'mined', 'failed')),
  created_at_ms integer not null
) strict;
create index if not exists transactions_pending on transactions (state) where state = 'pending';
create table if not exists providers (
  node text primary key,
  operator text not null,
  served integer not null,
  failed integer not null,
  strikes integer not null,
  first_token_ms real,
  tokens_per_second real,
  avoid_until_ms integer not null,
  avoid_reason text not null
) strict;
create table if not exists receipts (
  request_id text primary key,
  channel text not null,
  receipt_hash text not null,
  receipt blob not null,
  signature text not null,
  cost text not null,
  received_at_ms integer not null
) strict;
`

/**
 * Opens the client's books for one deployment. Every write is on disk before the call returns (synchronous=FULL)
 * unless it is `unhurried`, because a voucher must never leave before it is remembered. One process at a time: a second one would sign blind.
 * Others may read the books meanwhile (`readDatabase`).
 * @throws AriaError `storage_locked`, `bad_config`.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const unlock = path === ':memory:' ? () => {} : lock(path)
  const database = new DatabaseSync(path, { timeout: 500 })
  const close = () => {
    DatabaseSync.prototype.close.call(database)
    unlock()
  }
  database.close = close
  try {
    database.exec('pragma journal_mode = wal; pragma synchronous = full')
    database.exec(`begin exclusive; ${SCHEMA} commit`)
    checkVersion(database, path)
    return database
  } catch (cause) {
    close()
    throw explain(cause, path)
  }
}

/** All or nothing; an exception undoes every change and passes on. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('begin immediate')
  try {
    work()
    database.exec('commit')
  } catch (thrown) {
    if (database.isTransaction) database.exec('rollback')
    throw thrown
  }
}

/**
 * Writes without waiting for the disk. What may be lost in a power cut comes there with the next write that waits; for the
 * rest the caller awaits a `Flush` before it relies on it. The end of the process alone takes nothing.
 */
export function unhurried<T>(database: DatabaseSync, write: () => T): T {
  if (database.isTransaction) return write()
  database.exec('pragma synchronous = normal')
  try {
    return write()
  } finally {
    database.exec('pragma synchronous = full')
  }
}

/** The books as of now, also while a client writes them. */
export function readDatabase(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: 500 })
}

/** A file of its own says whose the books are: a lock on the books themselves would keep readers out as well. */
function lock(path: string): () => void {
  const held = new DatabaseSync(`${path}.lock`, { timeout: 500 })
  try {
    held.exec('pragma locking_mode = exclusive; begin exclusive')
    return () => held.close()
  } catch (cause) {
    held.close()
    throw explain(cause, path)
  }
}

function explain(cause: unknown, path: string): unknown {
  if (cause instanceof AriaError || !/locked|busy/i.test(String(cause))) return cause
  return new AriaError('storage_locked', `${path} is in use by another process.`, {
    hint: 'Stop the other gateway or client, or give this one its own data directory.',
    cause,
  })
}

function checkVersion(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('pragma user_version').get()?.['user_version'])
  if (version === 0) database.exec(`pragma user_version = ${SCHEMA_VERSION}`)
  else if (version !== SCHEMA_VERSION) {
    throw new AriaError(
      'bad_config',
      `${path} has schema ${version}, this version needs ${SCHEMA_VERSION}.`,
      {
        hint: 'Use the program version that wrote it to close its channels, then start with a new data directory.',
      },
    )
  }
}
