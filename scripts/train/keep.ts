// What was measured of a file is kept, so that an interrupted evaluation goes on where it was.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const JUDGING = /\.py$|^answers\.ts$/

/** A digest of everything that decides a measurement: the scripts that ask and judge, the model file, the options. */
export function measurementKey(file: string, options: readonly (string | number)[]): string {
  const hash = createHash('sha256')
  const scripts = (readdirSync(folder, { recursive: true }) as string[])
    .filter(name => JUDGING.test(name))
    .sort()
  for (const path of [...scripts.map(name => join(folder, name)), file]) {
    const bytes = readFileSync(path)
    hash.update(`${bytes.length} `).update(bytes)
  }
  return hash.update(options.join(' ')).digest('hex').slice(0, 24)
}

/** The value kept under `key` in `where`, or else a measured one, which is then kept. */
export async function kept<T>(where: string, key: string, measure: () => Promise<T>): Promise<T> {
  const path = join(where, `${key}.json`)
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    // Nothing there, or cut short: measure.
  }
  const value = await measure()
  mkdirSync(where, { recursive: true })
  writeFileSync(`${path}.part`, JSON.stringify(value))
  renameSync(`${path}.part`, path)
  return value
}
