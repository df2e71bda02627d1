import { noise } from '@chainsafe/libp2p-noise'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { type Hex, OFFER_BYTES_MAX } from '../protocol/index.ts'
import { libp2pKey } from './identity.ts'
import { keepConnected } from './keep-connected.ts'
import { boundedYamux } from './muxer.ts'

export interface HostInit {
  /** The node's identity; its address is registered in Staking when the node provides or audits. */
  privateKey: Hex
  /** Multiaddrs to listen on; empty for a client that only dials. */
  listen?: readonly string[]
  /** Multiaddrs (with /p2p/…) of peers that introduce us to the network. */
  bootstrap?: readonly string[]
}

export type Host = Libp2p<{ pubsub: GossipSub; identify: Identify; ping: Ping }>

const CONNECTIONS_MAX = 512
/** Signature, key and topic around an offer. */
const GOSSIP_ENVELOPE_BYTES = 1024

/** A started libp2p host: TCP, Noise, Yamux, identify, ping, gossipsub. Stop it with `host.stop()`. */
export async function createHost({ privateKey, listen = [], bootstrap = [] }: HostInit): Promise<Host> {
  const host = await createLibp2p({
    privateKey: libp2pKey(privateKey),
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [boundedYamux()],
    connectionManager: { maxConnections: CONNECTIONS_MAX },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        emitSelf: false,
        doPX: true,
        // A new subscriber should know the market within a beat.
        heartbeatInterval: 700,
        maxInboundDataLength: OFFER_BYTES_MAX * 64 + GOSSIP_ENVELOPE_BYTES,
      }),
    },
  })
  keepConnected(host, bootstrap)
  return host
}
