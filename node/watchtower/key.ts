import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AriaError, type Hex } from '@aria/sdk/protocol'
import { newSealKey, type SealKey, sealKey } from './seal.ts'

/** The key that parcels are sealed to, made on first use; readable by its owner only. */
export function towerKey(dataDir: string): SealKey {
  const file = join(dataDir, 'watchtower.key')
  mkdirSync(dataDir, { recursive: true })
  try {
    writeFileSync(file, `${newSealKey().secret}\n`, { mode: 0o600, flag: 'wx' })
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown
  }
  const text = readFileSync(file, 'utf8').trim()
  if (/^0x[0-9a-f]{64}$/.test(text)) return sealKey(text as Hex)
  throw new AriaError('bad_config', `${file} holds no key.`, {
    hint: 'Restore it from a backup, or delete it and give the new public key to the providers.',
  })
}
