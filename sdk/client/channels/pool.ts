import { randomBytes } from 'node:crypto'
import { type Address, AriaError, channelId, channelSalt, type Hex } from '../../protocol/index.ts'
import { larger } from '../amounts.ts'
import { CHANNEL_WAITERS_MAX, CHANNELS_PER_PROVIDER_MAX } from '../limits.ts'
import type { ChannelRow, ChannelStore } from '../store/index.ts'

/** Who is paid, and by which machine's books. */
export interface Payee {
  node: Address
  operator: Address
  payee: Address
}

/** Exclusive use of one channel: only the holder moves its totals. */
export interface Lease {
  readonly id: Hex
  release(): void
}

export interface ChannelPool {
  lease(to: Payee, options?: { signal?: AbortSignal }): Promise<Lease>
}

export interface ChannelPoolComponents {
  channels: ChannelStore
  payer: Address
  signer: Address
  isPrivate: boolean
  nowMs: () => number
}

/** What a channel can still pay without another deposit. */
export function headroom({ balance, due, signed }: ChannelRow): bigint {
  return balance - larger(due, signed?.total ?? 0n)
}

/** Several channels per provider, one request at a time on each: the cumulative counter has one writer. */
export function channelPool(components: ChannelPoolComponents): ChannelPool {
  const { channels, isPrivate } = components
  const held = new Set<Hex>()
  const waiters = new Map<Address, (() => void)[]>()

  function release(id: Hex, node: Address): void {
    if (!held.delete(id)) return
    waiters.get(node)?.shift()?.()
  }

  function take({ id, node }: ChannelRow): Lease {
    held.add(id)
    return { id, release: () => release(id, node) }
  }

  function tryLease(to: Payee): Lease | undefined {
    const usable = channels.byNode(to.node, to.payee, isPrivate).filter(({ thawEnd }) => thawEnd === 0)
    const free = usable.filter(({ id }) => !held.has(id))
    const best = free.sort((a, b) => (headroom(a) < headroom(b) ? 1 : -1))[0]
    if (best !== undefined) return take(best)
    return usable.length < CHANNELS_PER_PROVIDER_MAX ? take(createChannel(components, to)) : undefined
  }

  async function waitForRelease(node: Address, signal: AbortSignal | undefined): Promise<void> {
    const queue = waiters.get(node) ?? []
    waiters.set(node, queue)
    if (queue.length >= CHANNEL_WAITERS_MAX) {
      throw new AriaError('busy', `${queue.length} requests already wait for a channel to ${node}.`, {
        facts: { node, channels: CHANNELS_PER_PROVIDER_MAX },
        hint: 'Retry later.',
      })
    }
    await new Promise<void>((resolve, reject) => {
      queue.push(resolve)
      signal?.addEventListener('abort', () => {
        const at = queue.indexOf(resolve)
        if (at >= 0) queue.splice(at, 1)
        reject(new AriaError('cancelled', 'The request was cancelled while it waited for a channel.'))
      })
    })
  }

  return {
    async lease(to, { signal } = {}) {
      for (;;) {
        const lease = tryLease(to)
        if (lease !== undefined) return lease
        await waitForRelease(to.node, signal)
      }
    },
  }
}

function createChannel(
  { channels, payer, signer, isPrivate, nowMs }: ChannelPoolComponents,
  { node, operator, payee }: Payee,
): ChannelRow {
  const parts = { payer, signer, salt: channelSalt(randomBytes(12), isPrivate) }
  const id = channelId(parts, payee)
  const times = { createdAtMs: Math.trunc(nowMs()), usedAtMs: Math.trunc(nowMs()) }
  const empty = { balance: 0n, claimed: 0n, thawEnd: 0, due: 0n, settled: true, signed: null }
  const channel: ChannelRow = { id, parts, payee, node, operator, isPrivate, ...empty, ...times }
  channels.add(channel)
  return channel
}
