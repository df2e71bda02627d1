import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { benchCommand } from './commands/bench.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { modelsCommand } from './commands/models.ts'
import { moneyCommand } from './commands/money.ts'
import { reportFailure } from './commands/output.ts'
import { providerCommand } from './commands/provider.ts'
import { runCommand } from './commands/run.ts'
import { verifyCommand } from './commands/verify.ts'
import { watchtowerCommand } from './commands/watchtower.ts'

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('aria')
  .description("A marketplace where anyone's CPU earns tokens by answering 1-bit LLM requests.")
  .version(version)
  .option('--verbose', 'show the causes of an error')
  .showHelpAfterError('(add --help for what this command takes)')
  .addCommand(runCommand())
  .addCommand(benchCommand())
  .addCommand(modelsCommand())
  .addCommand(providerCommand())
  .addCommand(gatewayCommand())
  .addCommand(moneyCommand())
  .addCommand(watchtowerCommand())
  .addCommand(verifyCommand())
  .addHelpText(
    'after',
    `
Examples:
  $ aria run "Tell me a short story."
  $ aria bench
  $ aria models
  $ aria provider start --model models/aria-1.gguf --operator 0x… --deployment deployment.json
  $ aria money --operator 0x… --deployment deployment.json
  $ aria verify receipt.json`,
  )

try {
  await program.parseAsync()
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode
  else reportFailure(thrown, program.opts()['verbose'] === true)
}
