import { Command } from 'commander'
import { type Environment, environment, gatewayConfig } from '../config.ts'
import { printJson } from './output.ts'
import { serveUntilStopped } from './until-stopped.ts'

/** Every flag is a variable's other name; a flag wins. */
const FLAGS: readonly [flag: string, variable: string, help: string][] = [
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
  const gateway = withFlags(new Command('gateway'))
    .description('Serve an OpenAI-compatible API that buys answers on the market')
    .addHelpText('after', '\nEvery option can also be set by its variable, such as ARIA_PORT for --port.')
    .action(async (options: Record<string, string>) => {
      const env = { ...environment(), ...asVariables(gateway, options) }
      // Loaded only here, so that the other commands start without the network's libraries.
      const { startGatewayNode } = await import('../gateway/start.ts')
      const { gatewayExtras } = await import('../gateway/config.ts')
      const { close, url, model } = await startGatewayNode(gatewayConfig(env), gatewayExtras(env))
      printJson({ event: 'ready', url, model })
      await serveUntilStopped(close)
    })
  return gateway.addCommand(closeCommand())
}

/** Gets deposits back; run it again after the thaw. The gateway itself must be stopped: one process signs. */
function closeCommand(): Command {
  const close = withFlags(new Command('close'))
    .description('Take deposits back: announces the withdrawal, and withdraws once the thaw is over')
    .action(async (_: unknown, command: Command) => {
      const env = { ...environment(), ...asVariables(command, command.optsWithGlobals()) }
      const { startClient } = await import('../gateway/client.ts')
      const { gatewayExtras } = await import('../gateway/config.ts')
      const { client, close: stop } = await startClient(gatewayConfig(env), gatewayExtras(env))
      try {
        for (const step of await client.closeChannels()) printJson(step)
      } finally {
        await stop()
      }
    })
  return close
}

function withFlags(command: Command): Command {
  for (const [flag, variable, help] of FLAGS) command.option(flag, `${help} [${variable}]`)
  return command
}

function asVariables(command: Command, options: Record<string, string>): Environment {
  const given = command.options.flatMap((option, at) => {
    const value = options[option.attributeName()]
    const variable = FLAGS[at]?.[1]
    return value === undefined || variable === undefined ? [] : [[variable, value] as const]
  })
  return Object.fromEntries(given)
}
