import { type Chain, onChain } from './client.ts'

/** The chain's time, which decides epochs and deadlines. */
export interface ChainClock {
  nowSeconds(): number
  /** Reads the newest block; the chain's time can run ahead of the machine's (a development chain that was advanced). */
  sync(): Promise<void>
}

/** Blocks carry whole seconds, so a smaller lead is no lead. */
const LEAD_SECONDS_MIN = 2

export function chainClock({ client }: Chain, nowMs: () => number = Date.now): ChainClock {
  let leadSeconds = 0
  return {
    nowSeconds: () => Math.floor(nowMs() / 1000) + leadSeconds,
    sync: async () => {
      const block = await onChain('read the newest block', () => client.getBlock({ blockTag: 'latest' }))
      const lead = Number(block.timestamp) - Math.floor(nowMs() / 1000)
      // An old newest block says nothing, so a lead once seen only ever grows.
      if (lead >= LEAD_SECONDS_MIN) leadSeconds = Math.max(leadSeconds, lead)
    },
  }
}
