// The only place that reads the environment.
import { type Hex, isHex } from 'viem'

/** The deployer's private key, for networks whose RPC endpoint holds no account. Not an argument: those are public. */
export function deployerKey(): Hex | undefined {
  const key = process.env.ARIA_DEPLOYER_KEY
  if (key === undefined || key === '') return undefined
  if (!isHex(key) || key.length !== 66)
    throw new Error('ARIA_DEPLOYER_KEY must be 0x and 64 hexadecimal digits.')
  return key
}

/** The RPC endpoint, when it is not an argument: an endpoint's address often contains a secret. */
export function rpcUrl(): string | undefined {
  const url = process.env.ARIA_RPC_URL
  if (url === undefined || url === '') return undefined
  if (!/^https?:\/\//.test(url)) throw new Error('ARIA_RPC_URL must start with http:// or https://.')
  return url
}

/** For the programs that we start: ours, without Hardhat's question. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true' }
}
