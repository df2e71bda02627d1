import { createHost, framed, type Host, type KnownOffer } from '@aria/sdk/p2p'
import {
  type Address,
  AUDIT_PROTOCOL,
  auditReply,
  auditRequest,
  decodeFrame,
  encodeFrame,
  type Hex,
  keySigner,
} from '@aria/sdk/protocol'
import { type Job, treeOf } from './jobs.ts'

export interface Served {
  host: Host
  offer: KnownOffer
  /** Questions so far. */
  asked(): number
}

/** A peer that answers audits over libp2p from memory; with no jobs it refuses. */
export async function serveAudits(nodeKey: Hex, operator: Address, jobs: readonly Job[]): Promise<Served> {
  const host = await createHost({ privateKey: nodeKey, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const tree = treeOf(jobs)
  let questions = 0
  await host.handle(AUDIT_PROTOCOL, async stream => {
    questions++
    const frames = framed(stream)
    const asked = decodeFrame(auditRequest, (await frames.read())!, 'auditRequest')
    const reject = { code: 'not_found', message: 'Nothing is kept here.', retryAfterMs: 0 }
    for (const position of asked.positions) {
      const reply = jobs.length === 0 ? { item: null, reject } : { item: tree.itemAt(position), reject: null }
      await frames.write(encodeFrame(auditReply, reply))
    }
    await frames.close()
  })
  const offer = {
    node: keySigner(nodeKey).address,
    peer: host.peerId,
    offer: { operator, payee: operator, engineMajor: 1, multiaddrs: host.getMultiaddrs().map(String) },
  } as KnownOffer
  return { host, offer, asked: () => questions }
}
