import { Command } from 'commander'
import { type Environment, environment, gatewayConfig } from '../config.ts'
import { asVariables, type Flag, withFlags } from './flags.ts'
import { printJson } from './output.ts'
import { serveUntilStopped, stopSignal } from './until-stopped.ts'

const FLAGS: readonly Flag[] = [
  ['--client-key <key>', 'ARIA_CLIENT_KEY', 'file with the key of the wallet that pays deposits'],
  ['--model <file>', 'ARIA_TOKENIZER', 'GGUF file of the model that is sold; only its tokenizer is loaded'],
  ['--deployment <file>', 'ARIA_DEPLOYMENT', "file written by the contracts' deployment"],
  ['--rpc-url <url>', 'ARIA_RPC_URL', "the chain's JSON-RPC"],
  ['--bootstrap <multiaddrs>', 'ARIA_BOOTSTRAP', 'peers that introduce us, comma separated'],
  ['--data-dir <dir>', 'ARIA_DATA_DIR', 'channels, signed totals and the session key'],
  ['--host <address>', 'ARIA_HOST', 'address to listen on (default: 127.0.0.1)'],
  ['--port <port>', 'ARIA_PORT', 'port to listen on (default: 4610)'],
  ['--privacy <kind>', 'ARIA_PRIVACY', 'private (default): answers are not audited; public: they may be'],
  ['--deposit-min <aria>', 'ARIA_DEPOSIT_MIN', 'smallest deposit into one channel'],
  ['--deposit-max <aria>', 'ARIA_DEPOSIT_MAX', 'largest deposit into one channel'],
  ['--log-level <level>', 'ARIA_LOG_LEVEL', 'fatal, error, warn, info, debug, trace or silent'],
]

export function gatewayCommand(): Command {
  const gateway = withFlags(new Command('gateway'), FLAGS)
  const settings = () => ({ ...environment(), ...asVariables(gateway, FLAGS) })
  gateway
    .description('Serve an OpenAI-compatible API that buys answers on the market')
    .addHelpText('after', '\nEvery option can also be set by its variable, such as ARIA_PORT for --port.')
    .action(() => serve(settings()))
  // One process signs at a time, so the gateway must be stopped first; the books refuse a second one.
  gateway
    .command('close')
    .description('Take deposits back: announces the withdrawal; run it again after the thaw to withdraw')
    .addHelpText('after', '\nTakes the options of "aria gateway".')
    .action(() => closeChannels(settings()))
  return gateway
}

async function serve(env: Environment): Promise<void> {
  const stop = stopSignal()
  const config = gatewayConfig(env)
  // Loaded only here, so that the other commands start without the network's libraries.
  const { startGatewayNode } = await import('../gateway/start.ts')
  const { gatewayExtras } = await import('../gateway/config.ts')
  const { close, url, model } = await startGatewayNode(config, gatewayExtras(env))
  printJson({ event: 'ready', url, model })
  await serveUntilStopped(close, stop)
}

/** Prints one line of JSON per channel. */
async function closeChannels(env: Environment): Promise<void> {
  const config = gatewayConfig(env)
  const { startClient } = await import('../gateway/client.ts')
  const { gatewayExtras } = await import('../gateway/config.ts')
  const { client, close } = await startClient(config, gatewayExtras(env))
  try {
    for (const step of await client.closeChannels()) printJson(step)
  } finally {
    await close()
  }
}
