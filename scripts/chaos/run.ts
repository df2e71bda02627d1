import { join } from 'node:path'
import { type Charge, charges } from './charges.ts'
import { inject, pause } from './faults.ts'
import { type Chat, chatUntil } from './gateway-traffic.ts'
import { unhandledLines } from './logs.ts'
import type { PacketCounts } from './network.ts'
import { chatFault, openReferences, streamFault } from './outputs.ts'
import { readRecords, type Stream, streamsOf } from './records.ts'
import { type Sampler, startSampler } from './samples.ts'
import { describeFault, FAULT_KINDS, type Fault, type FaultKind, makeSchedule } from './schedule.ts'
import { type Settled, settle, waitForRedemption } from './settle.ts'
import { startWorld, type World, type WorldInit } from './world.ts'

export interface ChaosInit extends WorldInit {
  durationMs: number
  kinds?: readonly FaultKind[]
}

export interface ChaosResult {
  nodes: number
  schedule: Fault[]
  faults: Map<FaultKind, number>
  /** Faults that could not be injected or healed. */
  problems: string[]
  streams: Stream[]
  chats: Chat[]
  wrongOutputs: string[]
  charges: Charge[]
  settled: Settled
  crashes: string[]
  unhandled: string[]
  growth: ReturnType<Sampler['growth']>
  packets: PacketCounts
  rpcFailed: number
}

/** After the last fault a request still has its longest time limit to end. */
const DRAIN_MS = 120_000
const POLL_MS = 500

/** Starts a market, lets everything happen to it that the seed says, and looks at what is left. */
export async function runChaos(init: ChaosInit): Promise<ChaosResult> {
  const { seed, durationMs, signal, onStep: say } = init
  const world = await startWorld(init)
  try {
    const schedule = makeSchedule(seed, durationMs, world.victims, init.kinds ?? FAULT_KINDS)
    say(`schedule of seed ${seed}:`)
    for (const fault of schedule) say(`  ${describeFault(fault)}`)
    const sampler = startSampler(world.nodes)
    const finishing = new AbortController()
    const chatting = chatUntil(world.gateway.url, seed, AbortSignal.any([finishing.signal, signal]))
    const begun = performance.now()
    const injected = await inject({ world, seed, signal, say }, schedule)
    await pause(durationMs - (performance.now() - begun), signal)
    signal.throwIfAborted()
    sampler.stop()
    const growth = sampler.growth()
    for (const { name, memoryMb, handles } of growth)
      say(`${name} grew by ${memoryMb.toFixed(1)} MiB and ${handles} handles`)

    say('no more faults; waiting for open requests')
    finishing.abort()
    const crashes = await revive(world, signal)
    await drain(world, signal)
    const chats = await chatting
    say('waiting for redemptions')
    await waitForRedemption(world, signal)
    const packets = await world.network.counts()
    const rpcFailed = [...world.rpc.values()].reduce((sum, proxy) => sum + proxy.failed(), 0)
    signal.throwIfAborted()
    await Promise.all(world.nodes.map(node => node.stop()))

    say('comparing answers, books and chain')
    const streams = world.clients.flatMap(({ name, recordsFile }) =>
      streamsOf(name, readRecords(recordsFile)),
    )
    const settled = await settle(world, signal)
    const paid = settled.channels.filter(({ client }) => client !== world.gateway.name)
    return {
      ...{ nodes: world.nodes.length, schedule, streams, chats, settled, growth, packets, rpcFailed },
      ...{ faults: injected.counts, problems: injected.problems },
      wrongOutputs: await wrongOutputs(world, seed, streams, chats),
      charges: charges(paid, streams),
      crashes,
      unhandled: unhandledLines(join(init.dataDir, 'logs')),
    }
  } finally {
    await world.stop()
  }
}

/** Whoever crashed is started again, so that its money can be looked at; that it crashed is not forgotten. */
async function revive({ nodes }: World, signal: AbortSignal): Promise<string[]> {
  const crashes = nodes.flatMap(node => node.crashes)
  for (const node of nodes) {
    if (node.isUp()) continue
    await node
      .start(signal)
      .catch(thrown => crashes.push(`${node.spec.name} does not start: ${thrown.message}`))
  }
  return crashes
}

async function drain({ nodes, clients }: World, signal: AbortSignal): Promise<void> {
  for (const node of nodes) if (node.spec.role === 'client') node.finish()
  const until = performance.now() + DRAIN_MS
  const isDrained = (file: string) => readRecords(file).at(-1)?.type === 'drained'
  while (performance.now() < until && !signal.aborted) {
    if (clients.every(({ recordsFile }) => isDrained(recordsFile))) return
    await pause(POLL_MS, signal)
  }
}

async function wrongOutputs(
  { modelPath }: World,
  seed: number,
  streams: readonly Stream[],
  chats: readonly Chat[],
): Promise<string[]> {
  const references = await openReferences(modelPath)
  try {
    const wrong: string[] = []
    for (const stream of streams) wrong.push((await streamFault(stream, seed, references)) ?? '')
    for (const chat of chats) wrong.push((await chatFault(chat, seed, references)) ?? '')
    return wrong.filter(text => text !== '')
  } finally {
    await references.close()
  }
}
