import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AriaError, type Deployment, type Hex, parseDeployment } from '@aria/sdk/protocol'
import * as v from 'valibot'

export interface Config {
  readonly rpcUrl: string
  readonly deployment: Deployment
  readonly databaseUrl: string
  readonly host: string
  readonly port: number
  readonly logLevel: string
  /** Multiaddrs (with /p2p/…) that introduce us to the network. */
  readonly bootstrap: readonly string[]
  /** The model that audits re-execute; needed once there are auditor keys. */
  readonly modelPath: string | undefined
  /** Node keys of the verifiers that run here. */
  readonly auditorKeys: readonly Hex[]
  /** The operator of LocalBeacon, a stand-in for drand on a development chain. */
  readonly beaconKey: Hex | undefined
}

const filled = v.pipe(v.string(), v.trim(), v.minLength(1))
const key = v.pipe(
  filled,
  v.regex(/^(0x)?[0-9a-fA-F]{64}$/, 'must be 32 bytes of hex'),
  v.transform(text => `0x${text.replace(/^0x/, '').toLowerCase()}` as Hex),
)
const list = v.pipe(
  v.optional(v.string(), ''),
  v.transform(text =>
    text
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== ''),
  ),
)

const schema = v.object({
  ARIA_RPC_URL: v.optional(v.pipe(filled, v.url()), 'http://127.0.0.1:4620'),
  ARIA_DEPLOYMENT: filled,
  ARIA_DATA_DIR: v.optional(filled, '.aria'),
  DATABASE_URL: v.optional(filled),
  ARIA_HOST: v.optional(filled, '127.0.0.1'),
  ARIA_PORT: v.pipe(
    v.optional(filled, '4600'),
    v.regex(/^\d{1,5}$/),
    v.transform(Number),
    v.maxValue(65_535),
  ),
  ARIA_LOG_LEVEL: v.optional(
    v.picklist(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
  ),
  ARIA_BOOTSTRAP: list,
  ARIA_MODEL: v.optional(filled),
  ARIA_AUDITOR_KEYS: v.pipe(list, v.array(key)),
  ARIA_BEACON_KEY: v.optional(key),
})

/** Reads the environment once. @throws AriaError `bad_config` naming the variable, never its value: it may be a key. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = v.safeParse(schema, set)
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw badConfig(
      String(issue.path?.[0]?.key),
      `is missing or wrong: it must be ${issue.expected ?? issue.type}.`,
    )
  }
  const values = parsed.output
  if (values.ARIA_AUDITOR_KEYS.length > 0 && values.ARIA_MODEL === undefined) {
    throw badConfig('ARIA_MODEL', 'is missing: an auditor re-executes answers and needs the model file.')
  }
  return Object.freeze({
    rpcUrl: values.ARIA_RPC_URL,
    deployment: readDeployment(values.ARIA_DEPLOYMENT),
    databaseUrl: values.DATABASE_URL ?? `pglite://${resolve(join(values.ARIA_DATA_DIR, 'indexer', 'db'))}`,
    host: values.ARIA_HOST,
    port: values.ARIA_PORT,
    logLevel: values.ARIA_LOG_LEVEL,
    bootstrap: values.ARIA_BOOTSTRAP,
    modelPath: values.ARIA_MODEL,
    auditorKeys: values.ARIA_AUDITOR_KEYS,
    beaconKey: values.ARIA_BEACON_KEY,
  })
}

function readDeployment(path: string): Deployment {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new AriaError('bad_config', `ARIA_DEPLOYMENT: ${path} cannot be read as JSON.`, {
      hint: 'Point it at the file that the deployment wrote.',
      cause,
    })
  }
  return parseDeployment(json, path)
}

function badConfig(variable: string, problem: string): AriaError {
  return new AriaError('bad_config', `${variable} ${problem}`, { facts: { variable } })
}
