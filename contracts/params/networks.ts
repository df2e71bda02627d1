import { baseSepolia } from './base-sepolia.ts'
import { local } from './local.ts'
import type { NetworkParameters } from './parameters.ts'

export const networks: Readonly<Record<string, NetworkParameters>> = Object.fromEntries(
  [local, baseSepolia].map(parameters => [parameters.network, parameters]),
)
