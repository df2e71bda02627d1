import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { AriaError } from '../protocol/index.ts'

/** A peer that introduces us may start after us or restart: look again this often. */
const RECONNECT_INTERVAL_MS = 2_000
const RECONNECT_TIMEOUT_MS = 5_000

/**
 * Keeps a connection to each address (with /p2p/…) until the host stops. Without it, a node that started before its
 * bootstrap peer, or outlived one restart of it, would stay alone for ever.
 * @throws AriaError `bad_config` naming an address without a peer id.
 */
export function keepConnected(host: Libp2p, addresses: readonly string[]): void {
  const targets = addresses.map(parseTarget)

  async function connect(): Promise<void> {
    const connected = new Set(host.getPeers().map(String))
    const missing = targets.filter(({ peer }) => !connected.has(peer) && peer !== host.peerId.toString())
    const signal = AbortSignal.timeout(RECONNECT_TIMEOUT_MS)
    await Promise.allSettled(missing.map(({ address }) => host.dial(address, { signal })))
  }

  let isRunning = false
  const beat = () => {
    if (isRunning) return
    isRunning = true
    connect().finally(() => {
      isRunning = false
    })
  }
  beat()
  const timer = setInterval(beat, RECONNECT_INTERVAL_MS)
  timer.unref()
  host.addEventListener('stop', () => clearInterval(timer), { once: true })
}

function parseTarget(text: string) {
  const peer = /\/p2p\/([^/]+)$/.exec(text)?.[1]
  try {
    if (peer !== undefined) return { address: multiaddr(text), peer }
  } catch {
    // Falls through to the message for both kinds of mistake.
  }
  throw new AriaError('bad_config', `"${text}" is no peer address.`, {
    hint: 'Write bootstrap addresses as /ip4/…/tcp/…/p2p/….',
  })
}
