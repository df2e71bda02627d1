import type { GatewayConfig } from '@aria/node'
import { DEPOSIT_MAX, DEPOSIT_MIN } from '@aria/sdk/client'
import type { Deployment, Hex } from '@aria/sdk/protocol'
import type { GatewayExtras } from '../../node/gateway/config.ts'

/** What a client process is told, in one argument. */
export interface ClientSettings {
  name: string
  seed: number
  /** Requests at the same time. */
  lines: number
  recordsFile: string
  modelPath: string
  deploymentFile: string
  rpcUrl: string
  bootstrap: string[]
  dataDir: string
  clientKey: Hex
}

/** The same client as the gateway's: its books, its session key, its limits. */
export function chaosClientConfig(
  { rpcUrl, clientKey, modelPath, bootstrap, dataDir }: ClientSettings,
  deployment: Deployment,
): { config: GatewayConfig; extras: GatewayExtras } {
  return {
    config: {
      ...{ rpcUrl, deployment, clientKey, tokenizerPath: modelPath, bootstrap, dataDir },
      ...{ host: '127.0.0.1', port: 0, privacy: 'public', logLevel: 'info' },
    },
    extras: { apiKey: undefined, depositMin: DEPOSIT_MIN, depositMax: DEPOSIT_MAX },
  }
}
