import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AriaError, toAriaError } from '@aria/sdk/protocol'
import { localnetConfig } from './config.ts'
import { type Localnet, startLocalnet } from './localnet.ts'
import { lockDataDir } from './lock.ts'
import { PORT_BASE, portsFrom } from './ports.ts'

/** One Ctrl-C may arrive twice, through the terminal and through npm; a later one means "at once". */
const IMPATIENT_MS = 1_000

const HELP = `
  npm start -- [options]     The ARIA marketplace on this machine

  --fresh            Start over: forget the chain, the database and all keys of this market
  --data-dir DIR     Where state and logs live (default: .aria in the project)
  --port-base N      First of the ports used (default ${PORT_BASE})
  --help             This text
`

const say = (text: string) => process.stdout.write(`${text}\n`)

function options() {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  const { values } = parseArgs({
    options: {
      fresh: { type: 'boolean', default: false },
      'data-dir': { type: 'string', default: join(root, '.aria') },
      'port-base': { type: 'string', default: String(PORT_BASE) },
      help: { type: 'boolean', default: false },
    },
  })
  return { ...values, dataDir: values['data-dir'], ports: portsFrom(values['port-base']) }
}

function summary({ dashboardUrl, apiUrl, logDir }: Localnet): string {
  const body = `{"model":"aria-1","stream":true,"messages":[{"role":"user","content":"Tell me a story about a fox and a lantern."}]}`
  return `
  ARIA is running.

    Dashboard   ${dashboardUrl}
    API base    ${apiUrl}   (any OpenAI client; the key may be anything)
    Logs        ${logDir}

  Try it:

    curl -N ${apiUrl}/chat/completions -H 'content-type: application/json' -d '${body}'

  Ctrl-C stops everything. The state is kept; --fresh starts over.
`
}

async function main(): Promise<number> {
  const { help, fresh, dataDir, ports } = options()
  if (help) {
    say(HELP)
    return 0
  }
  const unlock = lockDataDir(dataDir)
  const interrupt = new AbortController()
  let firstAtMs = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) {
        if (Date.now() - firstAtMs > IMPATIENT_MS) process.exit(130)
        return
      }
      firstAtMs = Date.now()
      say('\n  Stopping…')
      interrupt.abort()
    })
  }
  const begun = performance.now()
  try {
    const localnet = await startLocalnet({
      dataDir,
      fresh,
      ports,
      env: localnetConfig(),
      signal: interrupt.signal,
      onStep: text => say(`  ✓ ${text}`),
    })
    say(`  Ready in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
    say(summary(localnet))
    const interrupted = new Promise<undefined>(resolve =>
      interrupt.signal.addEventListener('abort', () => resolve(undefined)),
    )
    const failure = interrupt.signal.aborted ? undefined : await Promise.race([localnet.failed, interrupted])
    await localnet.stop()
    if (failure === undefined) {
      say('  Stopped; nothing is left running.')
      return 0
    }
    throw new AriaError('internal', `${failure}; the market was stopped.`, {
      hint: `See the logs in ${localnet.logDir}.`,
    })
  } catch (thrown) {
    if (interrupt.signal.aborted) return 130
    const error = toAriaError(thrown)
    process.stderr.write(`\n  ✗ ${error.message}\n${error.hint ? `    ${error.hint}\n` : ''}\n`)
    return 1
  } finally {
    unlock()
  }
}

process.exit(await main())
