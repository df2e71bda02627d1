import { CUT, type LinkRule } from './network.ts'
import type { Node } from './node.ts'
import { reorganise } from './reorg.ts'
import { describeFault, type Fault, type FaultKind } from './schedule.ts'
import type { World } from './world.ts'

export interface Injected {
  counts: Map<FaultKind, number>
  problems: string[]
}

interface Context {
  world: World
  seed: number
  signal: AbortSignal
  say: (text: string) => void
  /** What is wrong with each link, by the fault that made it so. */
  links: Map<string, Map<number, LinkRule>>
}

/** Plays the schedule; returns when the last fault is healed. */
export async function inject(init: Omit<Context, 'links'>, faults: readonly Fault[]): Promise<Injected> {
  const context = { ...init, links: new Map() }
  const { signal, say } = context
  const injected: Injected = { counts: new Map(), problems: [] }
  const begun = performance.now()
  const turns = new Map<string, Promise<void>>()
  await Promise.all(
    faults.map(async fault => {
      await pause(fault.atMs - (performance.now() - begun), signal)
      if (signal.aborted) return
      try {
        await inTurn(turns, fault.targets, async () => {
          say(describeFault(fault))
          await play(context, fault)
        })
        injected.counts.set(fault.kind, (injected.counts.get(fault.kind) ?? 0) + 1)
      } catch (thrown) {
        if (!signal.aborted) injected.problems.push(`${describeFault(fault)}: ${(thrown as Error).message}`)
      }
    }),
  )
  return injected
}

/** On a slow machine a node may still be starting when its next fault is due: that one waits. */
async function inTurn(
  turns: Map<string, Promise<void>>,
  names: readonly string[],
  work: () => Promise<void>,
) {
  const before = names.map(name => turns.get(name))
  const turn = Promise.all(before).then(work)
  for (const name of names)
    turns.set(
      name,
      turn.catch(() => {}),
    )
  await turn
}

async function play(context: Context, fault: Fault): Promise<void> {
  const { world, signal } = context
  const { kind, targets, forMs, amount, rpcFailure } = fault
  const wait = () => pause(forMs, signal)
  const nodes = kind === 'reorg' ? [] : targets.map(name => world.node(name))
  const both = async (begin: (node: Node) => unknown, end: (node: Node) => unknown) => {
    for (const node of nodes) await begin(node)
    await wait()
    for (const node of nodes) await end(node)
  }
  switch (kind) {
    case 'kill':
      return both(
        node => node.kill(),
        node => node.start(signal),
      )
    case 'freeze':
      return both(
        node => node.freeze(),
        node => node.thaw(),
      )
    case 'disk_full':
      return both(
        node => node.fillDisk(),
        node => node.freeDisk(),
      )
    case 'clock_skew':
      return both(
        node => node.setClock(amount),
        node => node.setClock(0),
      )
    case 'old_state':
      return both(
        node => copyState(node, signal),
        node => goBack(node, signal),
      )
    case 'rpc_outage':
      for (const name of targets) world.rpc.get(name)!.fail(rpcFailure)
      await wait()
      for (const name of targets) world.rpc.get(name)!.fail(undefined)
      return
    case 'reorg':
      return await reorganise(world, amount, context.seed, fault.index)
    default:
      setRules(context, fault, ruleOf(kind, amount))
      await wait()
      setRules(context, fault, undefined)
  }
}

function ruleOf(kind: FaultKind, amount: number): LinkRule {
  if (kind === 'delay') return { delayMs: amount, jitterMs: Math.ceil(amount / 4) }
  if (kind === 'loss') return { lossPpm: amount }
  if (kind === 'duplicate') return { duplicatePpm: amount }
  if (kind === 'reorder') return { reorderPpm: amount }
  return CUT
}

/**
 * A partition cuts its nodes from all others, and leaves them each other; the rest hits every link of the node. Two
 * faults may hit the two ends of one link.
 */
function setRules(
  { world, links }: Context,
  { index, kind, targets }: Fault,
  rule: LinkRule | undefined,
): void {
  const { network, nodes, place } = world
  const set = (from: number, to: number) => {
    const active = links.get(`${from} ${to}`) ?? new Map<number, LinkRule>()
    links.set(`${from} ${to}`, active)
    if (rule === undefined) active.delete(index)
    else active.set(index, rule)
    network.rule!(from, to, combined([...active.values()]))
  }
  for (const name of targets) {
    for (const { spec } of nodes) {
      if (spec.name === name || (kind === 'partition' && targets.includes(spec.name))) continue
      set(place(name), spec.place)
      set(spec.place, place(name))
    }
  }
}

function combined(rules: readonly LinkRule[]): LinkRule {
  const most = (what: keyof LinkRule) => Math.max(0, ...rules.map(rule => rule[what] ?? 0))
  return {
    ...{ delayMs: most('delayMs'), jitterMs: most('jitterMs'), lossPpm: most('lossPpm') },
    ...{ duplicatePpm: most('duplicatePpm'), reorderPpm: most('reorderPpm') },
  }
}

async function copyState(node: Node, signal: AbortSignal): Promise<void> {
  await node.kill()
  node.saveState()
  await node.start(signal)
}

async function goBack(node: Node, signal: AbortSignal): Promise<void> {
  await node.kill()
  node.restoreState()
  await node.start(signal)
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return
  await new Promise<void>(resolve => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
