import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AriaError } from '@aria/sdk/protocol'

export interface Lock {
  release(): void
}

const SQLITE_BUSY = 5

/**
 * Holds `<directory>.lock` exclusively. PGlite has no lock of its own: a second process on one directory starts, and
 * commits of one of them vanish without a word.
 * The lock is SQLite's, so the operating system drops it when its holder dies and no stale lock is ever left; the
 * process id beside it only serves the message.
 */
export function acquireLock(directory: string): Lock {
  const path = `${directory}.lock`
  const holder = `${directory}.pid`
  const file = new DatabaseSync(path)
  try {
    file.exec('begin exclusive')
  } catch (cause) {
    file.close()
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause
    throw new AriaError('storage_locked', `${directory} is in use by process ${readHolder(holder)}.`, {
      facts: { directory },
      hint: 'Stop the other indexer, or give this one its own ARIA_DATA_DIR.',
      cause,
    })
  }
  writeFileSync(holder, String(process.pid))
  return { release: () => file.close() }
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return 'of unknown id'
  }
}
