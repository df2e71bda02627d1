import { draw, drawOne, drawWhole } from './random.ts'

/** Everything that can happen to a market of processes on machines and a network that nobody controls. */
export const FAULT_KINDS = [
  'kill',
  'freeze',
  'partition',
  'delay',
  'loss',
  'duplicate',
  'reorder',
  'rpc_outage',
  'reorg',
  'disk_full',
  'clock_skew',
  'old_state',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** How a chain's RPC can fail: no connection, no answer, an error, something that is no answer, everything twice. */
export const RPC_FAILURES = ['refuse', 'hang', 'error', 'garbage', 'twice'] as const
export type RpcFailure = (typeof RPC_FAILURES)[number]

export interface Fault {
  /** Position in the schedule, and the counter that everything about it was drawn with. */
  index: number
  kind: FaultKind
  /** Milliseconds after the begin. */
  atMs: number
  forMs: number
  /** Names of the nodes that it hits. */
  targets: string[]
  /** Milliseconds of delay, parts per million of packets, blocks of a reorg, seconds of a clock. */
  amount: number
  rpcFailure?: RpcFailure
}

/** Which nodes a kind may hit. */
export type Victims = Readonly<Record<FaultKind, readonly string[]>>

/** A fault every so often on average; each hits other nodes, so several are usually under way. */
const FAULT_EVERY_MS = 5_000
/** Healed by then, so that what is checked at the end is what is left, not what is still going on. */
const QUIET_END_MS = 15_000
/** Nothing happens before: offers spread, first channels are funded. */
const QUIET_BEGIN_MS = 5_000
/** A node is left alone for this long after a fault, so that what follows meets a node that works. */
const RECOVERY_MS = 5_000
export const FAULTS_MAX = 10_000

const LASTS_MS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  kill: [500, 8_000],
  freeze: [500, 12_000],
  partition: [2_000, 15_000],
  delay: [5_000, 20_000],
  loss: [5_000, 15_000],
  duplicate: [5_000, 20_000],
  reorder: [5_000, 20_000],
  rpc_outage: [1_000, 12_000],
  reorg: [0, 0],
  disk_full: [3_000, 12_000],
  clock_skew: [5_000, 20_000],
  old_state: [5_000, 20_000],
}
const AMOUNT: Readonly<Record<FaultKind, readonly [number, number]>> = {
  kill: [0, 0],
  freeze: [0, 0],
  partition: [0, 0],
  delay: [20, 400],
  loss: [10_000, 150_000],
  duplicate: [50_000, 500_000],
  reorder: [50_000, 500_000],
  rpc_outage: [0, 0],
  reorg: [1, 5],
  disk_full: [0, 0],
  clock_skew: [-120, 120],
  old_state: [0, 0],
}

/**
 * The whole run in advance, from the seed alone. Kinds take turns in an order drawn anew for each round, so that a run
 * of `kinds.length` faults has met every kind. A node has one fault at a time: whoever is taken already is left alone.
 */
export function makeSchedule(
  seed: number,
  durationMs: number,
  victims: Victims,
  kinds: readonly FaultKind[] = FAULT_KINDS,
): Fault[] {
  const end = durationMs - Math.min(QUIET_END_MS, durationMs / 3)
  const begin = Math.min(QUIET_BEGIN_MS, durationMs / 10)
  const count = Math.min(FAULTS_MAX, Math.max(kinds.length, Math.floor((end - begin) / FAULT_EVERY_MS)))
  const everyMs = (end - begin) / count
  const busyUntilMs = new Map<string, number>()
  const faults: Fault[] = []
  for (let index = 0; index < count; index++) {
    const kind = kindAt(seed, index, kinds)
    const atMs = Math.round(begin + everyMs * (index + draw(seed, 'at', index)))
    const forMs = Math.min(drawWhole(...LASTS_MS[kind], seed, 'for', index), Math.round(end - atMs))
    const free = victims[kind].filter(name => (busyUntilMs.get(name) ?? 0) <= atMs)
    const targets = pickTargets(seed, index, kind, free)
    if (targets.length === 0) continue
    for (const name of targets) busyUntilMs.set(name, atMs + forMs + RECOVERY_MS)
    const amount = drawWhole(...AMOUNT[kind], seed, 'amount', index)
    const rpcFailure = drawOne(RPC_FAILURES, seed, 'rpc', index)
    faults.push({ index, kind, atMs, forMs, targets, amount, ...(kind === 'rpc_outage' && { rpcFailure }) })
  }
  return faults
}

function kindAt(seed: number, index: number, kinds: readonly FaultKind[]): FaultKind {
  const round = Math.floor(index / kinds.length)
  const order = [...kinds].sort((a, b) => draw(seed, 'kind', round, a) - draw(seed, 'kind', round, b))
  return order[index % kinds.length]!
}

/** One node mostly; a partition and an outage of the RPC may take several at once. */
function pickTargets(seed: number, index: number, kind: FaultKind, free: readonly string[]): string[] {
  const isWide = kind === 'partition' || kind === 'rpc_outage' || kind === 'delay'
  const wanted = isWide ? drawWhole(1, Math.max(1, Math.floor(free.length / 3)), seed, 'width', index) : 1
  const order = [...free].sort((a, b) => draw(seed, 'target', index, a) - draw(seed, 'target', index, b))
  return order.slice(0, wanted)
}

export function describeFault({ index, kind, atMs, forMs, targets, amount, rpcFailure }: Fault): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const what = rpcFailure ?? (amount === 0 ? '' : String(amount))
  return `#${index} at ${seconds(atMs)} for ${seconds(forMs)}: ${kind} ${what} ${targets.join(' ')}`.replace(
    / +/g,
    ' ',
  )
}
