// npm run failover [-- --json]: providers die in the middle of paid answers, and every answer still arrives, unchanged.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AriaError } from '@aria/sdk/protocol'
import { report } from '../../scripts/checks.ts'
import { localnetConfig } from '../../scripts/localnet/config.ts'
import { portsFrom } from '../../scripts/localnet/ports.ts'
import { failed, proving } from '../../scripts/proving.ts'
import { failoverChecks, runFailover } from './run.ts'

const HELP = `npm run failover [-- options]: kill -9 the provider of a paid stream at random tokens

  --count N        Streams to interrupt (default 50)
  --seed N         Where they are interrupted (default 1)
  --providers N    Provider processes (default 5, at least 3)
  --port-base N    First of the ports used (default 5700)
  --json           Print one JSON object {ok, checks, machine, commit}
  --keep           Keep the directory with the logs
`
const COUNT_MAX = 10_000

const say = (text: string) => process.stderr.write(`  ${text}\n`)

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new AriaError('bad_config', `--${name} is "${text}": expected a whole number from ${min} to ${max}.`)
}

function options() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
      providers: { type: 'string', default: '5' },
      'port-base': { type: 'string', default: '5700' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    ...values,
    count: whole('count', values.count, 1, COUNT_MAX),
    seed: whole('seed', values.seed, 0, 2 ** 32 - 1),
    providers: whole('providers', values.providers, 3, 10),
    ports: portsFrom(values['port-base']),
  }
}

async function main(): Promise<number> {
  const { count, seed, providers, ports, json, keep, help } = options()
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  const prefix = join(tmpdir(), 'aria-failover-')
  return await proving({ prefix, json, keep, say }, async (dataDir, signal) => {
    const env = localnetConfig()
    const result = await runFailover({ dataDir, ports, env, providers, count, seed, signal, onStep: say })
    return report(failoverChecks(result, count))
  })
}

process.exit(await main().catch(thrown => failed(thrown, say)))
