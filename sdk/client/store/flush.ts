import { closeSync, fdatasync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { AriaError } from '../../protocol/index.ts'

/** Resolves once everything that was written before the call is on the disk. */
export interface Flush {
  (): Promise<void>
  close(): void
}

const sync = promisify(fdatasync)

/**
 * For a SQLite database in WAL mode whose writes were `unhurried`: their frames are in the log, whose checksums make each
 * of them whole or absent, and only have to reach the disk. It waits beside the event loop, and one wait serves all writes
 * that came before it began. After a failure nothing is known to be on disk, so every later call fails as well.
 */
export function walFlush(databasePath: string): Flush {
  let file: number | undefined
  let running: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  let failure: AriaError | undefined
  let isClosed = false

  async function run(): Promise<void> {
    if (failure !== undefined) throw failure
    try {
      file ??= openSync(`${databasePath}-wal`, 'r+')
      await sync(file)
    } catch (cause) {
      failure = new AriaError(
        'internal',
        `The books ${databasePath} cannot be brought to the disk: ${cause}.`,
        {
          hint: 'Check the disk, then start again; what was acknowledged before is safe.',
          cause,
        },
      )
      throw failure
    } finally {
      running = undefined
      if (isClosed) drop()
    }
  }

  function drop(): void {
    if (file !== undefined) closeSync(file)
    file = undefined
  }

  function begin(): Promise<void> {
    running = run()
    return running
  }

  const flush = (): Promise<void> => {
    if (isClosed) return Promise.reject(new AriaError('internal', `The books ${databasePath} are closed.`))
    if (running === undefined) return begin()
    // The wait under way may have begun before the caller's write: it needs the next one.
    waiting ??= running
      .catch(() => {})
      .then(() => {
        waiting = undefined
        return begin()
      })
    return waiting
  }
  return Object.assign(flush, {
    close: () => {
      isClosed = true
      if (running === undefined) drop()
    },
  })
}
