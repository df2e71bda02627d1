import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEPOSIT_MAX, DEPOSIT_MIN } from '@aria/sdk/client'
import { AriaError, type Hex, parseAria, toHex } from '@aria/sdk/protocol'

/** What the gateway reads beside the common settings of node/config.ts. */
export interface GatewayExtras {
  /** Asked of callers as a bearer token. */
  readonly apiKey: string | undefined
  /** Bounds of one deposit into one channel. */
  readonly depositMin: bigint
  readonly depositMax: bigint
}

type Environment = Readonly<Record<string, string | undefined>>

/** @throws AriaError `bad_config` that names the variable. */
export function gatewayExtras(env: Environment = process.env): GatewayExtras {
  const depositMin = amount(env, 'ARIA_DEPOSIT_MIN', DEPOSIT_MIN)
  const depositMax = amount(env, 'ARIA_DEPOSIT_MAX', DEPOSIT_MAX)
  if (depositMin > depositMax || depositMin === 0n) {
    throw new AriaError('bad_config', 'ARIA_DEPOSIT_MIN must be above zero and at most ARIA_DEPOSIT_MAX.', {
      facts: { depositMin, depositMax },
    })
  }
  return Object.freeze({ apiKey: env['ARIA_API_KEY'] || undefined, depositMin, depositMax })
}

function amount(env: Environment, name: string, fallback: bigint): bigint {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  try {
    return parseAria(text)
  } catch (cause) {
    throw new AriaError('bad_config', `${name} is "${text}": expected an amount of ARIA, such as 0.5.`, {
      facts: { variable: name },
      cause,
    })
  }
}

/** The key that signs vouchers, made on first use: it moves only what its channels hold, so it may live on disk. */
export function sessionKey(dataDir: string): Hex {
  const file = join(dataDir, 'session.key')
  try {
    return readKey(file)
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(file, `${toHex(randomBytes(32))}\n`, { mode: 0o600, flag: 'wx' })
    return readKey(file)
  }
}

function readKey(file: string): Hex {
  const text = readFileSync(file, 'utf8').trim()
  if (/^0x[0-9a-f]{64}$/.test(text)) return text as Hex
  throw new AriaError('bad_config', `${file} holds no private key.`, {
    hint: 'Restore it from a backup; without it the open channels can only be closed, not used.',
  })
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
}
