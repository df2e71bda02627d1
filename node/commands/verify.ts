// Placeholder until the colleague who owns this file replaces it (sdk/gateway in progress).
import { AriaError } from '@aria/sdk/protocol'
import { Command } from 'commander'

export function verifyCommand(): Command {
  return new Command('verify').action(() => {
    throw new AriaError('internal', 'This command is not built yet.')
  })
}
