import type { Command } from 'commander'
import type { Environment } from '../config.ts'

/** A flag is a variable's other name; the flag wins. */
export type Flag = readonly [flag: string, variable: string, help: string]

export function withFlags(command: Command, flags: readonly Flag[]): Command {
  for (const [flag, variable, help] of flags) command.option(flag, `${help} [${variable}]`)
  return command
}

/** The given options under their variables' names. */
export function asVariables(command: Command, flags: readonly Flag[]): Environment {
  const options: Record<string, string | undefined> = command.opts()
  const variables = new Map(flags.map(([flag, variable]) => [flag, variable]))
  const given = command.options.flatMap(option => {
    const value = options[option.attributeName()]
    const variable = variables.get(option.flags)
    return value === undefined || variable === undefined ? [] : [[variable, value] as const]
  })
  return Object.fromEntries(given)
}
