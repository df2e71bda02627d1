import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { walFlush } from '@aria/sdk/client'
import { AriaError, type Deployment } from '@aria/sdk/protocol'

/** What was bid before for a pending transaction's nonce: each of them may still be the one that is mined. */
const LOWER_BIDS = `
  create table lower_bids (
    hash text not null, transaction_id integer not null references transactions(id) on delete cascade,
    raw text not null, sent_at integer not null, primary key (transaction_id, hash)
  ) strict;
`

/**
 * Everything a provider must not forget, in one file: money first, then the receipts that prove the work.
 * Amounts are decimal text, because SQLite's integers end at 2^63.
 */
const SCHEMA = `
  create table meta (key text primary key, value text not null) strict;
  create table channels (
    id text primary key, payer text not null, signer text not null, salt text not null,
    due text not null,        -- what the channel owes for delivered work, cumulative
    total text not null,      -- the best voucher, cumulative; '0' before the first
    signature text,           -- the client's signature over that total
    claimed text not null,    -- what the chain paid, as last read
    unredeemed_since integer, -- ms; null once the chain's final state pays all it ever will
    nonce_floor text not null default ''  -- 20 digits: requests up to here are refused, their jobs are forgotten
  ) strict;
  create table jobs (
    request_id text primary key, channel_id text not null references channels(id),
    request_hash text not null, accepted_at integer not null, state text not null check (state in ('open','closed')),
    nonce text not null default ''  -- 20 digits, so that text sorts like the number
  ) strict;
  create index jobs_nonce on jobs (channel_id, nonce);
  create table receipts (
    cursor integer primary key autoincrement, hash text not null unique, epoch integer not null,
    tokens integer not null, receipt blob not null,
    salt blob, prompt blob, output blob  -- null once the challenge window has passed
  ) strict;
  create index receipts_epoch on receipts (epoch, cursor);
  create table roots (
    epoch integer primary key, root text not null, count integer not null, tokens text not null,
    state text not null check (state in ('sealed','committed','missed'))
  ) strict;
  create table transactions (
    id integer primary key autoincrement, purpose text not null, hash text not null unique, raw text not null,
    nonce integer not null, sent_at integer not null,
    state text not null check (state in ('pending','mined','reverted','dropped'))
  ) strict;
  create index transactions_pending on transactions (state) where state = 'pending';
  ${LOWER_BIDS}
`
const SCHEMA_VERSION = 3
const PROVIDER_BOOKS = 'provider'

/** What each older version lacks. */
const MIGRATIONS: Record<number, string> = {
  1: `
    alter table channels add column nonce_floor text not null default '';
    alter table jobs add column nonce text not null default '';
    create index jobs_nonce on jobs (channel_id, nonce);
  `,
  2: LOWER_BIDS,
}

export type Database = DatabaseSync & {
  /** Resolves once everything written so far is on the disk; what was not `unhurried` is there already. */
  flush(): Promise<void>
}

/**
 * Opens the node's database for this process alone; others may read it meanwhile (`readDatabase`).
 * @throws AriaError `storage_locked` when another process has it, `bad_config` when it belongs to another deployment.
 */
export function openDatabase(
  dataDir: string,
  deployment: Pick<Deployment, 'chainId' | 'contracts' | 'genesis'>,
  name = PROVIDER_BOOKS,
): Database {
  mkdirSync(dataDir, { recursive: true })
  const unlock = lock(join(dataDir, `${name}.lock`), dataDir)
  const file = join(dataDir, `${name}.sqlite`)
  const flush = walFlush(file)
  const close = () => {
    flush.close()
    DatabaseSync.prototype.close.call(database)
    unlock()
  }
  const database: Database = Object.assign(new DatabaseSync(file, { timeout: 500 }), { flush, close })
  try {
    // A voucher must survive a power cut before the work that it pays for starts, hence FULL.
    database.exec('pragma journal_mode = wal; pragma synchronous = full;')
    // Deleted prompts must not linger in free pages.
    database.exec('pragma foreign_keys = on; pragma secure_delete = on;')
    inTransaction(database, () => migrate(database))
    bind(database, deploymentName(deployment), dataDir)
    return database
  } catch (cause) {
    close()
    throw explain(cause, dataDir)
  }
}

/** The books as of now, also while a node writes them; undefined when there are none. */
export function readDatabase(dataDir: string, name = PROVIDER_BOOKS): Database | undefined {
  const file = join(dataDir, `${name}.sqlite`)
  if (!existsSync(file)) return undefined
  return Object.assign(new DatabaseSync(file, { readOnly: true, timeout: 500 }), { flush: async () => {} })
}

/** A file of its own says whose the books are: a lock on the books themselves would keep readers out as well. */
function lock(file: string, dataDir: string): () => void {
  const held = new DatabaseSync(file, { timeout: 500 })
  try {
    held.exec('pragma locking_mode = exclusive; begin exclusive')
    return () => held.close()
  } catch (cause) {
    held.close()
    throw explain(cause, dataDir)
  }
}

function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('pragma user_version').get() as { user_version: number }
  if (version > SCHEMA_VERSION) {
    throw new AriaError('bad_config', `The data was written by a newer version (${version}).`, {
      hint: 'Update aria, or use another ARIA_DATA_DIR.',
    })
  }
  if (version === 0) database.exec(SCHEMA)
  else for (let from = version; from < SCHEMA_VERSION; from++) database.exec(MIGRATIONS[from]!)
  database.exec(`pragma user_version = ${SCHEMA_VERSION};`)
}

/** A development chain that starts over gives its contracts the old addresses again, but not the old genesis. */
function deploymentName({
  chainId,
  contracts,
  genesis,
}: Pick<Deployment, 'chainId' | 'contracts' | 'genesis'>): string {
  return `${chainId}:${contracts.escrow}:${genesis}`
}

/** Vouchers of one deployment are worth nothing in another, so their files never mix. */
function bind(database: DatabaseSync, deployment: string, dataDir: string): void {
  const row = database.prepare("select value from meta where key = 'deployment'").get() as
    | { value: string }
    | undefined
  if (row === undefined) {
    database.prepare("insert into meta values ('deployment', ?)").run(deployment)
  } else if (row.value !== deployment) {
    throw new AriaError(
      'bad_config',
      `The data in ${dataDir} belongs to deployment ${row.value}, not ${deployment}.`,
      {
        hint: 'Set ARIA_DATA_DIR to another directory; keep the old one while it holds vouchers to redeem.',
      },
    )
  }
}

function explain(cause: unknown, dataDir: string): unknown {
  const text = cause instanceof Error ? cause.message : ''
  if (!text.includes('locked') && !text.includes('busy')) return cause
  return new AriaError('storage_locked', `Another process uses the data in ${dataDir}.`, {
    hint: 'Stop it, or set ARIA_DATA_DIR to another directory.',
    cause,
  })
}

/** All or nothing; an exception undoes every change and passes on. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('begin immediate')
  try {
    const result = work()
    database.exec('commit')
    return result
  } catch (thrown) {
    if (database.isTransaction) database.exec('rollback')
    throw thrown
  }
}
