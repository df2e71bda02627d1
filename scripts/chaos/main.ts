// npm run chaos [-- --seed N --minutes M]: everything goes wrong at once, and nobody loses more than a window.
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AriaError } from '@aria/sdk/protocol'
import { report } from '../checks.ts'
import { localnetConfig } from '../localnet/config.ts'
import { failed, proving } from '../proving.ts'
import { loopback, namespacesMissing } from './network.ts'
import { fakeTimeLibrary, removeMounts } from './node.ts'
import { runChaos } from './run.ts'
import { FAULT_KINDS, type FaultKind } from './schedule.ts'
import { explain, verdict } from './verdict.ts'
import { NODES_MIN } from './world.ts'

const HELP = `npm run chaos [-- options]: a market of processes, and everything that can happen to it (docs/chaos.md)

  --seed N         What happens when, to whom, and what is asked (default 1); or the name of a seed in seeds.json
  --minutes M      How long (default 5; at most 1440)
  --nodes N        Processes beside the chain (default 20)
  --kinds A,B      Only these faults: ${FAULT_KINDS.join(', ')}
  --network KIND   namespaces (default; needs root), or loopback: without the faults of the network and of full disks
  --port-base N    First of the ports used on this machine (default 5800)
  --json           Print one JSON object {ok, checks, machine, commit}
  --keep           Keep the directory with logs, records and books
`
const MINUTES_MAX = 1440
const NODES_MAX = 90

/** A seed that once found a failure. */
interface NamedSeed {
  name: string
  seed: number
  minutes: number
  kinds?: FaultKind[]
  found: string
  fixed: string
}

const say = (text: string) => process.stderr.write(`  ${text}\n`)

function number(name: string, text: string, min: number, max: number, isWhole = true): number {
  const value = Number(text)
  if ((!isWhole || Number.isInteger(value)) && value >= min && value <= max) return value
  throw new AriaError(
    'bad_config',
    `--${name} is "${text}": expected a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`,
  )
}

function options() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      nodes: { type: 'string', default: '20' },
      kinds: { type: 'string' },
      network: { type: 'string', default: 'namespaces' },
      'port-base': { type: 'string', default: '5800' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const named = seeds().find(({ name }) => name === values.seed)
  return {
    ...values,
    seed: named?.seed ?? number('seed', values.seed, 0, 2 ** 32 - 1),
    minutes: number('minutes', values.minutes ?? String(named?.minutes ?? 5), 0.2, MINUTES_MAX, false),
    nodes: number('nodes', values.nodes, NODES_MIN, NODES_MAX),
    kinds: values.kinds === undefined ? (named?.kinds ?? FAULT_KINDS) : kindsFrom(values.kinds),
    portBase: number('port-base', values['port-base'], 1024, 65_000),
  }
}

function seeds(): NamedSeed[] {
  return JSON.parse(readFileSync(new URL('seeds.json', import.meta.url), 'utf8')) as NamedSeed[]
}

function kindsFrom(text: string): FaultKind[] {
  return text.split(',').map(name => {
    const kind = FAULT_KINDS.find(known => known === name.trim())
    if (kind !== undefined) return kind
    throw new AriaError('bad_config', `--kinds has "${name}": expected some of ${FAULT_KINDS.join(', ')}.`)
  })
}

/** A run without a kind of fault proves less: it must not look like one with it. */
function requireTools(network: string): void {
  if (network !== 'namespaces') return
  const missing = namespacesMissing()
  if (missing === undefined) return
  throw new AriaError('bad_config', `This machine cannot have a network per node: ${missing}.`, {
    hint: 'Run as root on Linux, or take --network loopback; its report then fails for the kinds that cannot happen.',
  })
}

async function main(): Promise<number> {
  const { seed, minutes, nodes, kinds, network, portBase, json, keep, help } = options()
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  requireTools(network)
  if (fakeTimeLibrary() === undefined && kinds.includes('clock_skew'))
    say(
      '! libfaketime is not installed (Debian: apt-get install faketime): no clock will be moved, and the report fails',
    )
  const prefix = join(tmpdir(), 'aria-chaos-')
  removeMounts(prefix)
  return await proving({ prefix: `${prefix}${process.pid}-`, json, keep, say }, async (dataDir, signal) => {
    const result = await runChaos({
      ...{ dataDir, seed, nodes, kinds, durationMs: minutes * 60_000, chainPort: portBase },
      network: network === 'loopback' ? { loopback: () => loopback(portBase) } : 'namespaces',
      ...{ env: localnetConfig(), signal, onStep: say },
    })
    for (const line of explain(result)) say(`✗ ${line}`)
    return report(verdict(result))
  })
}

process.exit(await main().catch(thrown => failed(thrown, say)))
