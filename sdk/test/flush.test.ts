import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Flush, unhurried, walFlush } from '../client/index.ts'

/** What the disk does: every sync waits here for its outcome. */
const syncs: ((error: Error | null) => void)[] = []
vi.mock('node:fs', async original => ({
  ...(await original<typeof import('node:fs')>()),
  fdatasync: (_file: number, done: (error: Error | null) => void) => syncs.push(done),
}))

let directory: string
let database: DatabaseSync
let flush: Flush

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aria-flush-'))
  const path = join(directory, 'books.sqlite')
  database = new DatabaseSync(path)
  database.exec('pragma journal_mode = wal; pragma synchronous = full; create table entries (value)')
  flush = walFlush(path)
  syncs.length = 0
})
afterEach(() => {
  flush.close()
  database.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Everything that is due now has run. */
const settled = () => new Promise(resolve => setImmediate(resolve))

test('many writes wait for the disk together, and a later one for the next time', async () => {
  const done: string[] = []
  const first = flush().then(() => done.push('first'))
  const late = [flush(), flush(), flush()].map((wait, at) => wait.then(() => done.push(`late ${at}`)))
  await settled()
  expect(syncs).toHaveLength(1)

  syncs[0]!(null)
  await first
  await settled()
  expect(done).toEqual(['first'])
  expect(syncs).toHaveLength(2)

  syncs[1]!(null)
  await Promise.all(late)
  expect(syncs).toHaveLength(2)
})

test('after the disk failed once nothing is ever said to be on it', async () => {
  const failed = [flush(), flush()]
  syncs[0]!(new Error('EIO'))

  const failure = expect.objectContaining({ code: 'internal', message: expect.stringContaining('EIO') })
  for (const wait of failed) await expect(wait).rejects.toEqual(failure)
  await expect(flush()).rejects.toEqual(failure)
  expect(syncs).toHaveLength(1)
})

test('closed books are not flushed', async () => {
  const last = flush()
  flush.close()
  syncs[0]!(null)
  await last

  await expect(flush()).rejects.toMatchObject({ code: 'internal' })
})

test('an unhurried write is there at once, whole or not at all, and the next one waits for the disk again', () => {
  const level = () => database.prepare('pragma synchronous').get()!['synchronous']
  unhurried(database, () => {
    expect(level()).toBe(1)
    database.exec('insert into entries values (1)')
  })
  expect(level()).toBe(2)
  expect(() =>
    unhurried(database, () => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(level()).toBe(2)
  expect(database.prepare('select count(*) as count from entries').get()).toEqual({ count: 1 })
})
