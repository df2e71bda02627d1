import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AriaError } from '@aria/sdk/protocol'

/** One launcher per data directory: two would fight over chain and database. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, 'launcher.pid')
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (owner > 0 && isAlive(owner)) {
    throw new AriaError('storage_locked', `${dataDir} is in use by a running launcher (process ${owner}).`, {
      hint: 'Stop it with Ctrl-C in its terminal, or use another --data-dir.',
    })
  }
  writeFileSync(file, String(process.pid))
  return () => rmSync(file, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
