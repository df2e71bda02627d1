import { join } from 'node:path'
import { type Address, AriaError, type Deployment, type EnergyClaim, type Hex } from '@aria/sdk/protocol'
import * as v from 'valibot'
import {
  address,
  amount,
  energy,
  integer,
  level,
  list,
  path,
  price,
  publicKey,
  region,
  url,
} from './settings/fields.ts'
import { readKey, readOrCreateKey } from './settings/keys.ts'
import { type Environment, parseSettings, readDeployment } from './settings/parse.ts'

export type { Environment } from './settings/parse.ts'

/** Development chains (anvil, Hardhat) have no safe head and mine on demand. */
const LOCAL_CHAIN_ID = 31337
const PORT_GATEWAY = 4610
const PORT_WATCHTOWER = 4640
const RPC_URL_LOCAL = 'http://127.0.0.1:4620'
const SECONDS_PER_HOUR = 3600
/** Twice what one redemption costs on a cheap second layer (45,000 gas at 0.01 gwei, 1000 ARIA per ETH). */
const CHANNEL_MIN = '0.001'

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
  /** Wei that a channel must hold before it is served. */
  readonly channelMin: bigint
  /** Where the machine stands, by the operator's word; offers carry it. */
  readonly region: string | undefined
  /** What one output token costs the machine, by the operator's word; offers carry it. */
  readonly energy: EnergyClaim | undefined
  /** Requests that generate at the same time, in shared steps of the engine. */
  readonly slots: number
  /** Requests that wait for a slot; beyond, `busy`. */
  readonly queue: number
  readonly threads: number | undefined
  /** For keys and values of all requests; a quarter of the memory unless given. */
  readonly cacheBytes: number | undefined
  /** `background` gives way to everything else on the machine. */
  readonly priority: 'normal' | 'background'
  readonly creditHead: CreditHead
  readonly redeemAfterMs: number
  /** What one ETH is worth in wei of ARIA, for the price of gas. */
  readonly ariaPerEth: bigint
  /** Where the best vouchers are pushed, sealed to the key. */
  readonly watchtower: { url: string; publicKey: Hex } | undefined
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
  ARIA_CHANNEL_MIN: v.optional(amount, CHANNEL_MIN),
  ARIA_REGION: v.optional(region),
  ARIA_ENERGY: v.optional(energy),
  ARIA_SLOTS: v.optional(integer(1, 256), '16'),
  ARIA_QUEUE: v.optional(integer(0, 4096), '16'),
  ARIA_THREADS: v.optional(integer(1, 256)),
  ARIA_CACHE_MB: v.optional(integer(1, 2 ** 24)),
  ARIA_PRIORITY: v.optional(v.picklist(['normal', 'background']), 'normal'),
  ARIA_CREDIT_HEAD: v.optional(v.picklist(['latest', 'safe', 'finalized'])),
  ARIA_REDEEM_SECONDS: v.optional(integer(1, 7 * 24 * SECONDS_PER_HOUR)),
  ARIA_PER_ETH: v.optional(amount, '1000'),
  ARIA_WATCHTOWER_URL: v.optional(url),
  ARIA_WATCHTOWER_PUBKEY: v.optional(publicKey),
})
const gatewaySchema = v.object({
  ...common,
  ARIA_CLIENT_KEY: v.string(),
  ARIA_HOST: v.optional(v.string(), '127.0.0.1'),
  ARIA_PORT: v.optional(integer(0, 65_535), String(PORT_GATEWAY)),
  ARIA_PRIVACY: v.optional(v.picklist(['public', 'private']), 'private'),
  ARIA_TOKENIZER: path,
})

function watchtowerOf(towerUrl: string | undefined, key: Hex | undefined): ProviderConfig['watchtower'] {
  if (towerUrl === undefined && key === undefined) return undefined
  if (towerUrl !== undefined && key !== undefined) return { url: towerUrl, publicKey: key }
  const missing = key === undefined ? 'ARIA_WATCHTOWER_PUBKEY' : 'ARIA_WATCHTOWER_URL'
  throw new AriaError('bad_config', `${missing} is not set, its counterpart is.`, {
    facts: { variable: missing },
    hint: 'Set both, or none: "aria watchtower key" prints the public key.',
  })
}

const watchtowerSchema = v.object({
  ...common,
  ARIA_WALLET_KEY: v.string(),
  ARIA_WATCHTOWER_NODES: v.optional(list, ''),
  ARIA_WATCHTOWER_SECONDS: v.optional(integer(1, 30 * 24 * SECONDS_PER_HOUR)),
  ARIA_HOST: v.optional(v.string(), '127.0.0.1'),
  ARIA_PORT: v.optional(integer(0, 65_535), String(PORT_WATCHTOWER)),
  ARIA_CREDIT_HEAD: v.optional(v.picklist(['latest', 'safe', 'finalized'])),
})

export interface WatchtowerConfig {
  readonly rpcUrl: string
  readonly deployment: Deployment
  readonly dataDir: string
  /** Pays the gas of redemptions. */
  readonly walletKey: Hex
  readonly nodes: readonly Address[]
  readonly redeemAfterMs: number
  readonly host: string
  readonly port: number
  readonly creditHead: CreditHead
  readonly logLevel: string
}

/** A provider redeems by age after 12 hours; twice that, and it evidently does not run. */
const WATCHTOWER_SECONDS_LOCAL = 60
const WATCHTOWER_SECONDS_PUBLIC = 24 * SECONDS_PER_HOUR

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function watchtowerConfig(env: Environment = environment()): WatchtowerConfig {
  const found = parseSettings(watchtowerSchema, env)
  const deployment = readDeployment(found.ARIA_DEPLOYMENT)
  const isLocal = deployment.chainId === LOCAL_CHAIN_ID
  const seconds = isLocal ? WATCHTOWER_SECONDS_LOCAL : WATCHTOWER_SECONDS_PUBLIC
  return Object.freeze({
    rpcUrl: found.ARIA_RPC_URL,
    deployment,
    dataDir: found.ARIA_DATA_DIR,
    walletKey: readKey('ARIA_WALLET_KEY', found.ARIA_WALLET_KEY),
    nodes: found.ARIA_WATCHTOWER_NODES.map(text => v.parse(address, text)),
    redeemAfterMs: 1000 * (found.ARIA_WATCHTOWER_SECONDS ?? seconds),
    host: found.ARIA_HOST,
    port: found.ARIA_PORT,
    creditHead: found.ARIA_CREDIT_HEAD ?? (isLocal ? 'latest' : 'safe'),
    logLevel: found.ARIA_LOG_LEVEL,
  })
}

const moneySchema = v.object({
  ...common,
  ARIA_OPERATOR: v.optional(address),
  ARIA_PAYEE: v.optional(address),
  ARIA_PAYER: v.optional(address),
  ARIA_WALLET_KEY: v.optional(v.string()),
})

/** Redemption by age: a local epoch lasts about a minute, a public one a day (protocol: redemption policy). */
const REDEEM_SECONDS_LOCAL = 20
const REDEEM_SECONDS_PUBLIC = 12 * SECONDS_PER_HOUR

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function providerConfig(env: Environment = environment()): ProviderConfig {
  const found = parseSettings(providerSchema, env)
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
    channelMin: found.ARIA_CHANNEL_MIN,
    region: found.ARIA_REGION,
    energy: found.ARIA_ENERGY,
    slots: found.ARIA_SLOTS,
    queue: found.ARIA_QUEUE,
    threads: found.ARIA_THREADS,
    cacheBytes: found.ARIA_CACHE_MB === undefined ? undefined : found.ARIA_CACHE_MB * 2 ** 20,
    priority: found.ARIA_PRIORITY,
    creditHead: found.ARIA_CREDIT_HEAD ?? (isLocal ? 'latest' : 'safe'),
    redeemAfterMs:
      1000 * (found.ARIA_REDEEM_SECONDS ?? (isLocal ? REDEEM_SECONDS_LOCAL : REDEEM_SECONDS_PUBLIC)),
    ariaPerEth: found.ARIA_PER_ETH,
    watchtower: watchtowerOf(found.ARIA_WATCHTOWER_URL, found.ARIA_WATCHTOWER_PUBKEY),
    logLevel: found.ARIA_LOG_LEVEL,
  })
}

export interface MoneyConfig {
  readonly rpcUrl: string
  readonly deployment: Deployment
  readonly dataDir: string
  readonly operator: Address | undefined
  readonly payee: Address | undefined
  readonly payer: Address | undefined
  /** Owns the money that a command frees; the view needs none. */
  readonly walletKey: Hex | undefined
  readonly logLevel: string
}

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function moneyConfig(env: Environment = environment()): MoneyConfig {
  const found = parseSettings(moneySchema, env)
  const key = found.ARIA_WALLET_KEY
  return Object.freeze({
    rpcUrl: found.ARIA_RPC_URL,
    deployment: readDeployment(found.ARIA_DEPLOYMENT),
    dataDir: found.ARIA_DATA_DIR,
    operator: found.ARIA_OPERATOR,
    payee: found.ARIA_PAYEE ?? found.ARIA_OPERATOR,
    payer: found.ARIA_PAYER,
    walletKey: key === undefined ? undefined : readKey('ARIA_WALLET_KEY', key),
    logLevel: found.ARIA_LOG_LEVEL,
  })
}

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function gatewayConfig(env: Environment = environment()): GatewayConfig {
  const found = parseSettings(gatewaySchema, env)
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
