import { pino } from 'pino'

/** What the node's parts need of a logger; an event and its facts, never keys, prompts or outputs. */
export interface Log {
  debug(facts: object, event: string): void
  info(facts: object, event: string): void
  warn(facts: object, event: string): void
  error(facts: object, event: string): void
}

/** JSON lines on stderr: stdout belongs to what a command prints. */
export function createLog(level: string, name: string): Log {
  return pino(
    {
      level,
      name,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        log: facts =>
          Object.fromEntries(
            // JSON has no bigint; money keeps all its digits as text.
            Object.entries(facts).map(([key, value]) => [
              key,
              typeof value === 'bigint' ? `${value}` : value,
            ]),
          ),
      },
    },
    pino.destination({ fd: 2, sync: false }),
  )
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
