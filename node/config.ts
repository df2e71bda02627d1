import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  type Address,
  AriaError,
  type Deployment,
  type Hex,
  parseAria,
  parseDeployment,
  perToken,
  toHex,
} from '@aria/sdk/protocol'
import * as v from 'valibot'
import { privateKeyToAddress } from 'viem/accounts'

/** Development chains (anvil, Hardhat) have no safe head and mine on demand. */
const LOCAL_CHAIN_ID = 31337
const PORT_GATEWAY = 4610
const RPC_URL_LOCAL = 'http://127.0.0.1:4620'
const SECONDS_PER_HOUR = 3600

export type Environment = Readonly<Record<string, string | undefined>>
/** Which block a channel's balance is credited at: on a chain that can reorganise, only the safe head counts. */
export type CreditHead = 'latest' | 'safe' | 'finalized'

/** The process's own variables; no other file reads them. */
export function environment(): Environment {
  return process.env
}

export interface ProviderConfig {
  readonly rpcUrl: string
  readonly deployment: Deployment
  readonly modelPath: string
  readonly dataDir: string
  readonly nodeKey: Hex
  readonly operator: Address
  readonly payee: Address
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly pricePerInputToken: bigint
  readonly pricePerOutputToken: bigint
  readonly slots: number
  /** Requests that wait for a slot; beyond, `busy`. */
  readonly queue: number
  readonly threads: number | undefined
  readonly creditHead: CreditHead
  readonly redeemAfterMs: number
  readonly redeemValue: bigint
  readonly logLevel: string
}

export interface GatewayConfig {
  readonly rpcUrl: string
  readonly deployment: Deployment
  readonly clientKey: Hex
  readonly host: string
  readonly port: number
  readonly privacy: 'public' | 'private'
  readonly tokenizerPath: string
  readonly bootstrap: readonly string[]
  readonly dataDir: string
  readonly logLevel: string
}

const integer = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'a whole number'),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
  )
const list = v.pipe(
  v.string(),
  v.transform(text =>
    text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== ''),
  ),
)
const path = v.pipe(
  v.string(),
  v.minLength(1),
  v.transform(text => resolve(text)),
)
const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hex digits'),
  v.transform(text => text.toLowerCase() as Address),
)
const url = v.pipe(v.string(), v.url('a URL such as http://127.0.0.1:8545'))
const price = v.pipe(
  v.string(),
  v.regex(/^\d{1,12}(\.\d{1,18})?$/, 'ARIA per million tokens, such as 0.5'),
  v.transform(perToken),
)
const amount = v.pipe(
  v.string(),
  v.regex(/^\d{1,12}(\.\d{1,18})?$/, 'an amount of ARIA, such as 12.5'),
  v.transform(parseAria),
)
const level = v.picklist(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])

const common = {
  ARIA_RPC_URL: v.optional(url, RPC_URL_LOCAL),
  ARIA_DEPLOYMENT: path,
  ARIA_DATA_DIR: v.optional(path, '.aria'),
  ARIA_BOOTSTRAP: v.optional(list, ''),
  ARIA_LOG_LEVEL: v.optional(level, 'info'),
}
const providerSchema = v.object({
  ...common,
  ARIA_MODEL: path,
  ARIA_NODE_KEY: v.optional(v.string()),
  ARIA_OPERATOR: address,
  ARIA_PAYEE: v.optional(address),
  ARIA_LISTEN: v.optional(list, '/ip4/127.0.0.1/tcp/4631'),
  ARIA_PRICE_IN: v.optional(price, '0.5'),
  ARIA_PRICE_OUT: v.optional(price, '2'),
  ARIA_SLOTS: v.optional(integer(1, 256), '2'),
  ARIA_QUEUE: v.optional(integer(0, 4096), '8'),
  ARIA_THREADS: v.optional(integer(1, 1024)),
  ARIA_CREDIT_HEAD: v.optional(v.picklist(['latest', 'safe', 'finalized'])),
  ARIA_REDEEM_SECONDS: v.optional(integer(1, 7 * 24 * SECONDS_PER_HOUR)),
  ARIA_REDEEM_VALUE: v.optional(amount, '1'),
})
const gatewaySchema = v.object({
  ...common,
  ARIA_CLIENT_KEY: v.string(),
  ARIA_HOST: v.optional(v.string(), '127.0.0.1'),
  ARIA_PORT: v.optional(integer(0, 65_535), String(PORT_GATEWAY)),
  ARIA_PRIVACY: v.optional(v.picklist(['public', 'private']), 'private'),
  ARIA_TOKENIZER: path,
})

/** Redemption by age: a local epoch lasts about a minute, a public one a day (protocol: redemption policy). */
const REDEEM_SECONDS_LOCAL = 20
const REDEEM_SECONDS_PUBLIC = 12 * SECONDS_PER_HOUR

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function providerConfig(env: Environment = environment()): ProviderConfig {
  const found = parse(providerSchema, env)
  const deployment = readDeployment(found.ARIA_DEPLOYMENT)
  const isLocal = deployment.chainId === LOCAL_CHAIN_ID
  return Object.freeze({
    rpcUrl: found.ARIA_RPC_URL,
    deployment,
    modelPath: found.ARIA_MODEL,
    dataDir: found.ARIA_DATA_DIR,
    nodeKey: readOrCreateKey('ARIA_NODE_KEY', found.ARIA_NODE_KEY, join(found.ARIA_DATA_DIR, 'node.key')),
    operator: found.ARIA_OPERATOR,
    payee: found.ARIA_PAYEE ?? found.ARIA_OPERATOR,
    listen: found.ARIA_LISTEN,
    bootstrap: found.ARIA_BOOTSTRAP,
    pricePerInputToken: found.ARIA_PRICE_IN,
    pricePerOutputToken: found.ARIA_PRICE_OUT,
    slots: found.ARIA_SLOTS,
    queue: found.ARIA_QUEUE,
    threads: found.ARIA_THREADS,
    creditHead: found.ARIA_CREDIT_HEAD ?? (isLocal ? 'latest' : 'safe'),
    redeemAfterMs:
      1000 * (found.ARIA_REDEEM_SECONDS ?? (isLocal ? REDEEM_SECONDS_LOCAL : REDEEM_SECONDS_PUBLIC)),
    redeemValue: found.ARIA_REDEEM_VALUE,
    logLevel: found.ARIA_LOG_LEVEL,
  })
}

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function gatewayConfig(env: Environment = environment()): GatewayConfig {
  const found = parse(gatewaySchema, env)
  return Object.freeze({
    rpcUrl: found.ARIA_RPC_URL,
    deployment: readDeployment(found.ARIA_DEPLOYMENT),
    clientKey: readKey('ARIA_CLIENT_KEY', found.ARIA_CLIENT_KEY),
    host: found.ARIA_HOST,
    port: found.ARIA_PORT,
    privacy: found.ARIA_PRIVACY,
    tokenizerPath: found.ARIA_TOKENIZER,
    bootstrap: found.ARIA_BOOTSTRAP,
    dataDir: found.ARIA_DATA_DIR,
    logLevel: found.ARIA_LOG_LEVEL,
  })
}

function parse<S extends v.GenericSchema<Record<string, unknown>>>(
  schema: S,
  env: Environment,
): v.InferOutput<S> {
  // An empty variable is an unset one: shells and unit files cannot unset.
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = v.safeParse(schema, set)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const name = v.getDotPath(issue) ?? 'the environment'
  const isMissing = set[name] === undefined
  const isSecret = name.endsWith('_KEY')
  throw new AriaError(
    'bad_config',
    isMissing
      ? `${name} is not set.`
      : `${name} is ${isSecret ? 'not valid' : `"${set[name]}"`}: expected ${issue.message}.`,
    { facts: { variable: name }, hint: FIXES[name] ?? `Set ${name} to a valid value.` },
  )
}

const FIXES: Record<string, string> = {
  ARIA_DEPLOYMENT:
    'Set ARIA_DEPLOYMENT (or --deployment) to the file that the deployment of the contracts wrote.',
  ARIA_MODEL: 'Set ARIA_MODEL (or --model) to a GGUF file, such as models/aria-1.gguf.',
  ARIA_OPERATOR: 'Set ARIA_OPERATOR (or --operator) to the address that staked.',
  ARIA_TOKENIZER: 'Set ARIA_TOKENIZER to the GGUF file of the model that the gateway sells.',
  ARIA_CLIENT_KEY:
    'Set ARIA_CLIENT_KEY to the private key of the wallet that pays (hex, or a file that holds it).',
}

function readDeployment(file: string): Deployment {
  return parseDeployment(readJson('ARIA_DEPLOYMENT', file), file)
}

function readJson(variable: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new AriaError('bad_config', `${variable}: cannot read "${file}" as JSON.`, {
      facts: { variable, file },
      hint: FIXES[variable] ?? `Check the file named by ${variable}.`,
      cause,
    })
  }
}

/** A private key in hex, or the path of a file that holds one. Errors never show the value. */
function readKey(variable: string, value: string): Hex {
  const asHex = parseKey(value)
  if (asHex !== undefined) return asHex
  let inFile: Hex | undefined
  try {
    inFile = parseKey(readFileSync(value, 'utf8'))
  } catch {
    // Falls through: the value is neither a key nor a readable file.
  }
  if (inFile !== undefined) return inFile
  throw new AriaError('bad_config', `${variable} is neither a private key nor a file that holds one.`, {
    facts: { variable },
    hint: `Set ${variable} to 0x and 64 hex digits, or to the path of such a file.`,
  })
}

function parseKey(text: string): Hex | undefined {
  const digits = text.trim().replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) return undefined
  const key: Hex = `0x${digits.toLowerCase()}`
  try {
    privateKeyToAddress(key)
    return key
  } catch {
    return undefined // Zero, or beyond the curve's order.
  }
}

function readOrCreateKey(variable: string, value: string | undefined, file: string): Hex {
  if (value !== undefined) return readKey(variable, value)
  try {
    statSync(file)
  } catch {
    mkdirSync(resolve(file, '..'), { recursive: true })
    writeFileSync(file, `${toHex(randomBytes(32))}\n`, { mode: 0o600, flag: 'wx' })
  }
  return readKey(variable, file)
}
