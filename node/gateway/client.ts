import { randomBytes } from 'node:crypto'
import { type Client, createClient, openStore, storePath } from '@aria/sdk/client'
import { createHost } from '@aria/sdk/p2p'
import { keySigner, toHex } from '@aria/sdk/protocol'
import { createPublicClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { GatewayConfig } from '../config.ts'
import { type GatewayExtras, sessionKey } from './config.ts'

/** Retries of one chain read; longer outages are the caller's to see. */
const RPC_RETRIES = 2
const RPC_TIMEOUT_MS = 10_000

export interface RunningClient {
  client: Client
  close(): Promise<void>
}

/** A client with its own peer, wallet, session key and books. */
export async function startClient(config: GatewayConfig, extras: GatewayExtras): Promise<RunningClient> {
  const { deployment, bootstrap, privacy } = config
  const { depositMin, depositMax } = extras
  const store = openStore(storePath(config.dataDir, deployment))
  // A new peer identity each time: providers cannot link a person's sessions by it.
  const host = await createHost({ privateKey: toHex(randomBytes(32)), bootstrap })
  const client = createClient(
    { deployment, privacy, depositMin, depositMax },
    {
      ...{ host, store },
      publicClient: createPublicClient({
        transport: http(config.rpcUrl, { batch: true, retryCount: RPC_RETRIES, timeout: RPC_TIMEOUT_MS }),
      }),
      wallet: privateKeyToAccount(config.clientKey),
      sessionSigner: keySigner(sessionKey(config.dataDir)),
    },
  )
  return {
    client,
    async close() {
      await client.close()
      await host.stop()
      store.close()
    },
  }
}
