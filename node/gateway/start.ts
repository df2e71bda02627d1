import { basename } from 'node:path'
import { loadTokenizer } from '@aria/engine'
import { startGateway } from '@aria/sdk/gateway'
import { type GatewayConfig, modelManifest } from '../index.ts'
import { createLog } from '../observe/log.ts'
import { startClient } from './client.ts'
import type { GatewayExtras } from './config.ts'

export interface RunningGateway {
  url: string
  model: string
  close(): Promise<void>
}

/** The gateway program: a paying client, the tokenizer of the model that it sells, and the HTTP API over both. */
export async function startGatewayNode(
  config: GatewayConfig,
  extras: GatewayExtras,
): Promise<RunningGateway> {
  const log = createLog(config.logLevel, 'gateway')
  const { tokenizer, info } = await loadTokenizer(config.tokenizerPath)
  const { id: modelId } = await modelManifest(config.tokenizerPath, { cacheDir: config.dataDir })
  const name = basename(config.tokenizerPath).replace(/\.gguf$/i, '')
  const { client, close } = await startClient(config, extras)
  try {
    const gateway = await startGateway(
      {
        ...{ port: config.port, hostname: config.host },
        ...(extras.apiKey !== undefined && { apiKey: extras.apiKey }),
        onError: ({ code, message, facts }) => log.warn({ code, message, ...facts }, 'Request failed'),
      },
      { inference: client, models: [{ name, modelId, contextLength: info.contextLength, tokenizer }] },
    )
    log.info({ url: gateway.url, model: name, modelId }, 'Gateway listens')
    return {
      ...{ url: gateway.url, model: name },
      async close() {
        await gateway.close()
        await close()
      },
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
