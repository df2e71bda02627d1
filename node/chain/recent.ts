import type { Hex } from '@aria/sdk/protocol'
import type { ChannelFunds, ChannelReader, ChannelView } from './channels.ts'

/** A withdrawal takes a day, and its announcement is watched beside this: seconds decide nothing. */
const VIEW_AGE_MS_MAX = 10_000
/** Of a channel that does not thaw, what is final and covers the best voucher: only a redemption changes its meaning. */
const FUNDS_AGE_MS_MAX = 60_000
/** Channels remembered; beyond, the oldest answers go. */
const CHANNELS_MAX = 4_096

export interface RecentChannels extends ChannelReader {
  /** A transaction of ours has changed what was read. */
  forget(): void
}

export interface RecentInit {
  /** Total of the best voucher: an answer that is worth less is of no use, so the chain is asked again. */
  bestTotal: (channel: Hex) => bigint
  nowMs?: () => number
}

/**
 * Answers again what the chain said of a channel moments ago: on a busy node requests and redemptions would ask it about
 * the same channels many times a second. Never an answer from before a thaw was seen or our own transaction ended, no
 * funds that a reorganisation may still change, none older than the limits above.
 */
export function recentChannels(
  reader: ChannelReader,
  { bestTotal, nowMs = () => performance.now() }: RecentInit,
): RecentChannels {
  const views = memory<ChannelView>(VIEW_AGE_MS_MAX, nowMs)
  const funds = memory<ChannelFunds>(FUNDS_AGE_MS_MAX, nowMs)
  const covers = (channel: Hex) => (balance: bigint) => balance >= bestTotal(channel)

  return {
    read: async (channel, options) => {
      const known = options?.isFresh ? undefined : views.find(channel, covers(channel))
      return known ?? (await views.learn(channel, reader.read(channel)))
    },
    funds: async channel => {
      const known = funds.find(channel, covers(channel))
      return known ?? (await funds.learn(channel, reader.funds(channel), ({ isFinal }) => isFinal))
    },
    thawing: async () => {
      const channels = await reader.thawing()
      for (const channel of channels) {
        views.forget(channel)
        funds.forget(channel)
      }
      return channels
    },
    forget: () => {
      views.forget()
      funds.forget()
    },
  }
}

function memory<T extends { balance: bigint; thawEnd: number }>(ageMsMax: number, nowMs: () => number) {
  const known = new Map<Hex, { value: T; askedMs: number }>()
  /** Counts what made answers under way worthless. */
  let changes = 0

  return {
    find(channel: Hex, isEnough: (balance: bigint) => boolean): T | undefined {
      const entry = known.get(channel)
      if (entry === undefined || nowMs() - entry.askedMs > ageMsMax) return undefined
      return isEnough(entry.value.balance) ? entry.value : undefined
    },
    async learn(channel: Hex, reading: Promise<T>, mayKeep: (value: T) => boolean = () => true): Promise<T> {
      const [askedMs, before] = [nowMs(), changes]
      const value = await reading
      known.delete(channel)
      if (value.thawEnd !== 0 || !mayKeep(value) || changes !== before) return value
      known.set(channel, { value, askedMs })
      if (known.size > CHANNELS_MAX) known.delete(known.keys().next().value!)
      return value
    },
    forget(channel?: Hex): void {
      changes++
      if (channel === undefined) known.clear()
      else known.delete(channel)
    },
  }
}
