import type { PublicClient } from 'viem'
import type { Deployment } from '../../protocol/index.ts'
import { readChannel } from '../chain/escrow.ts'
import type { ChannelStore } from '../store/index.ts'

/** People who look at a status page do not need newer numbers than this. */
const FRESH_MS = 3_000
/** Channels read for one look; the longest unused ones wait for the next. */
const CHANNELS_READ_MAX = 128

export interface ChannelsOnChain {
  /** Brings balances, claims and thaws up to date; says when that last worked. Never throws. */
  refresh(): Promise<{ chainReadAtMs: number | undefined }>
}

export interface ChannelsOnChainComponents {
  publicClient: PublicClient
  deployment: Deployment
  channels: ChannelStore
}

export function channelsOnChain({
  publicClient,
  deployment,
  channels,
}: ChannelsOnChainComponents): ChannelsOnChain {
  let chainReadAtMs: number | undefined
  let running: Promise<void> | undefined

  async function readAll(): Promise<void> {
    const recent = channels.all().sort((a, b) => b.usedAtMs - a.usedAtMs)
    const read = recent.slice(0, CHANNELS_READ_MAX).map(async ({ id }) => {
      channels.setChain(id, await readChannel(publicClient, deployment, id))
    })
    await Promise.all(read)
    chainReadAtMs = Date.now()
  }

  return {
    async refresh() {
      const ageMs = Date.now() - (chainReadAtMs ?? 0)
      if (ageMs > FRESH_MS) {
        running ??= readAll().finally(() => {
          running = undefined
        })
        await running.catch(() => {}) // The age that is returned says that the chain did not answer.
      }
      return { chainReadAtMs }
    },
  }
}
