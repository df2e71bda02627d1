import { Command } from 'commander'
import { environment, providerConfig } from '../config.ts'
import { asVariables, type Flag, withFlags } from './flags.ts'
import { printJson } from './output.ts'
import { serveUntilStopped, stopSignal } from './until-stopped.ts'

const FLAGS: readonly Flag[] = [
  ['--model <file>', 'ARIA_MODEL', 'GGUF file to serve'],
  ['--operator <address>', 'ARIA_OPERATOR', 'address that staked'],
  ['--deployment <file>', 'ARIA_DEPLOYMENT', "file written by the contracts' deployment"],
  ['--rpc-url <url>', 'ARIA_RPC_URL', "the chain's JSON-RPC"],
  ['--data-dir <dir>', 'ARIA_DATA_DIR', 'vouchers, receipts and the node key'],
  ['--node-key <key>', 'ARIA_NODE_KEY', 'file with the node key (default: created in the data directory)'],
  ['--payee <address>', 'ARIA_PAYEE', 'who is paid (default: the operator)'],
  ['--listen <multiaddrs>', 'ARIA_LISTEN', 'addresses to listen on, comma separated'],
  ['--bootstrap <multiaddrs>', 'ARIA_BOOTSTRAP', 'peers that introduce us, comma separated'],
  ['--price-in <aria>', 'ARIA_PRICE_IN', 'ARIA per million prompt tokens'],
  ['--price-out <aria>', 'ARIA_PRICE_OUT', 'ARIA per million output tokens'],
  ['--channel-min <aria>', 'ARIA_CHANNEL_MIN', 'a channel that holds less is not served (default: 0.001)'],
  ['--region <code>', 'ARIA_REGION', 'where this machine stands, such as DE or DE-BE; offers say so'],
  [
    '--energy <claim>',
    'ARIA_ENERGY',
    'what a token costs here by "aria bench": rapl:0.85 (joules) or cpu-time:0.012 (CPU seconds); offers say so',
  ],
  ['--slots <count>', 'ARIA_SLOTS', 'requests served at the same time'],
  ['--queue <count>', 'ARIA_QUEUE', 'requests that may wait for a slot'],
  ['--threads <count>', 'ARIA_THREADS', 'threads of the engine'],
  ['--cache <megabytes>', 'ARIA_CACHE_MB', 'memory for the requests under way (default: a quarter)'],
  [
    '--priority <kind>',
    'ARIA_PRIORITY',
    'normal, or background: give way to everything else on this machine',
  ],
  ['--watchtower <url>', 'ARIA_WATCHTOWER_URL', 'where the best vouchers are pushed'],
  ['--watchtower-key <key>', 'ARIA_WATCHTOWER_PUBKEY', 'what "aria watchtower key" printed there'],
  ['--log-level <level>', 'ARIA_LOG_LEVEL', 'fatal, error, warn, info, debug, trace or silent'],
]

export function providerCommand(): Command {
  const start = withFlags(new Command('start'), FLAGS)
    .description('Serve a model and earn per token')
    .addHelpText('after', '\nEvery option can also be set by its variable, such as ARIA_MODEL for --model.')
    .action(async () => {
      const stop = stopSignal()
      // Loaded only here, so that the other commands start without the network's libraries.
      const { startProvider } = await import('../provider.ts')
      const provider = await startProvider(providerConfig({ ...environment(), ...asVariables(start, FLAGS) }))
      printJson({ event: 'ready', ...provider.info })
      await serveUntilStopped(provider.close, stop)
    })
  return new Command('provider').description('Run a provider node').addCommand(start)
}
