import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AriaError, type Hex } from '@aria/sdk/protocol'
import { readKey } from '../settings/keys.ts'

/** The key of the provider whose data this is: it has gas, and may do what anyone may do. @throws AriaError `bad_config`. */
export function nodeKeyOf(dataDir: string): Hex {
  const file = join(dataDir, 'node.key')
  if (existsSync(file)) return readKey('ARIA_WALLET_KEY', file)
  throw new AriaError('bad_config', 'ARIA_WALLET_KEY is not set.', {
    facts: { variable: 'ARIA_WALLET_KEY' },
    hint: 'Set ARIA_WALLET_KEY (or --key) to the key of the wallet that owns the money, or to a file that holds it.',
  })
}
