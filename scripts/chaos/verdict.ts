import { atLeast, atMost, type Check, exactly, measured } from '../checks.ts'
import { excessWindows } from './charges.ts'
import type { ChaosResult } from './run.ts'
import { FAULT_KINDS } from './schedule.ts'

const NODES_MIN = 20
/**
 * What a process may hold more at the end than after its warm-up. A leak of one request's buffers (4 KiB) at the rate of
 * these runs shows in tens of minutes; shorter runs show leaks of connections and channels.
 */
const MEMORY_MB = 24
const HANDLES = 16

export function verdict(result: ChaosResult): Check[] {
  const { settled, streams, chats, growth, charges, faults } = result
  const { ledger } = settled
  const finished = streams.filter(({ end }) => end === 'finished').length
  const most = (values: number[]) => (values.length === 0 ? Number.NaN : Math.max(...values))
  return [
    atLeast('chaos.nodes', result.nodes, NODES_MIN, 'processes, and a chain'),
    exactly('chaos.fault_kinds', faults.size, FAULT_KINDS.length, 'kinds that happened'),
    ...FAULT_KINDS.map(kind => measured(`chaos.faults.${kind}`, faults.get(kind) ?? 0, 'faults')),
    exactly('chaos.faults_failed', result.problems.length, 0, 'faults that could not be made or healed'),
    measured('chaos.streams', streams.length + chats.length, 'requests'),
    atLeast(
      'chaos.streams_finished',
      finished + chats.filter(({ end }) => end === 'finished').length,
      1,
      'requests',
    ),
    measured(
      'chaos.streams_continued',
      streams.filter(({ parts }) => parts.length > 1).length,
      'requests of several providers',
    ),
    measured(
      'chaos.streams_failed',
      streams.filter(({ end }) => end === 'failed').length,
      'with a typed error',
    ),
    measured(
      'chaos.streams_cut',
      streams.filter(({ end }) => end === 'cut').length,
      'by the death of their client',
    ),
    measured('chaos.packets_dropped', result.packets.dropped, 'packets'),
    measured('chaos.packets_duplicated', result.packets.duplicated, 'packets'),
    measured('chaos.packets_reordered', result.packets.reordered, 'packets'),
    measured('chaos.rpc_failed', result.rpcFailed, 'RPC requests'),
    atMost(
      'chaos.charged_over_delivered_windows',
      most(charges.map(excessWindows)),
      1,
      'of the windows at stake, the worst channel',
    ),
    exactly(
      'chaos.ledger_minus_chain_wei',
      Object.values(ledger).reduce((sum, wei) => sum + (wei < 0n ? -wei : wei), 0n),
      0n,
      'wei',
    ),
    exactly(
      'chaos.outputs_equal',
      streams.length + chats.length - result.wrongOutputs.length,
      streams.length + chats.length,
      'answers',
    ),
    exactly('chaos.orphaned_wei', settled.orphans.wei, 0n, 'wei'),
    exactly('chaos.unreturned_wei', settled.unreturned, 0n, 'wei after every payer closed'),
    exactly('chaos.unhandled', result.unhandled.length + result.crashes.length, 0, 'errors'),
    atMost(
      'chaos.memory_growth_mb',
      most(growth.map(({ memoryMb }) => memoryMb)),
      MEMORY_MB,
      'MiB, the worst process',
    ),
    atMost(
      'chaos.handles_growth',
      most(growth.map(({ handles }) => handles)),
      HANDLES,
      'handles, the worst process',
    ),
  ]
}

/** What a person needs to know about a run that is not all right. */
export function explain(result: ChaosResult): string[] {
  const { settled, charges } = result
  const { ledger, orphans, channels } = settled
  const lines = [
    ...result.problems.map(text => `fault: ${text}`),
    ...result.wrongOutputs.map(text => `output: ${text}`),
    ...result.crashes.map(text => `crash: ${text}`),
    ...result.unhandled.map(text => `log: ${text}`),
    ...orphans.reasons.map(text => `money: ${text}`),
  ]
  for (const charge of charges)
    if (excessWindows(charge) > 1)
      lines.push(
        `charge: ${charge.client} to ${charge.provider} on ${charge.channel}: ${charge.excess} wei over ${charge.allowed}`,
      )
  if (Object.values(ledger).some(wei => wei !== 0n)) {
    lines.push(
      `ledger: ${Object.entries(ledger)
        .map(([name, wei]) => `${name} ${wei}`)
        .join(', ')}`,
    )
    for (const { channel, client, provider, balance, claimed, signed, best, booked } of channels)
      if ((best ?? 0n) > claimed || claimed > signed || (booked ?? claimed) !== claimed)
        lines.push(
          `  ${client} to ${provider} ${channel}: balance ${balance}, claimed ${claimed}, signed ${signed}, best ${best}, booked ${booked}`,
        )
  }
  return lines
}
