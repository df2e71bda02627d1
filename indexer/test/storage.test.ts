import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acquireLock } from '../db/lock.ts'
import { openDb } from '../db/open.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'aria-lock-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const lockModule = fileURLToPath(new URL('../db/lock.ts', import.meta.url))

/** Takes the lock in another process, which then exits or is killed. */
async function otherProcess(then: string): Promise<void> {
  const script = `const { acquireLock } = await import(${JSON.stringify(lockModule)}); acquireLock(${JSON.stringify(
    join(directory, 'db'),
  )}); ${then}`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
}

describe('the lock around a PGlite directory', () => {
  test('a second opener is refused and told who holds it', () => {
    const held = acquireLock(join(directory, 'db'))

    expect(() => acquireLock(join(directory, 'db'))).toThrow(
      expect.objectContaining({
        code: 'storage_locked',
        message: expect.stringContaining(String(process.pid)),
      }),
    )

    held.release()
  })

  test('a released lock can be taken again', () => {
    acquireLock(join(directory, 'db')).release()

    expect(() => acquireLock(join(directory, 'db')).release()).not.toThrow()
  })

  test('a holder that was killed leaves no lock behind', async () => {
    await expect(otherProcess('process.kill(process.pid, "SIGKILL")')).rejects.toThrow()

    expect(() => acquireLock(join(directory, 'db')).release()).not.toThrow()
  })

  test('a lock held by another process is respected', async () => {
    const held = acquireLock(join(directory, 'db'))

    await expect(otherProcess('')).rejects.toThrow(/storage_locked|in use by process/)

    held.release()
  })
})

describe('opening a database', () => {
  test('what was written is there after closing and opening again', async () => {
    const url = `pglite://${join(directory, 'db')}`
    const first = await openDb(url)
    await expect(openDb(url)).rejects.toMatchObject({ code: 'storage_locked' })
    await first.close()

    const second = await openDb(url)

    await second.close()
  })

  test('an address of another kind is refused without showing its password', () => {
    expect(() => openDb('mysql://user:secret@host/db')).toThrow(
      expect.objectContaining({ code: 'bad_config', message: expect.not.stringContaining('secret') }),
    )
  })
})
