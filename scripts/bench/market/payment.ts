// How much of a main thread's time went into payment and receipts, from its CPU profile.
import type { Profiler } from 'node:inspector/promises'

/**
 * Quotes, orders, vouchers, checkpoints, receipts, their books and the channel's state on chain: a sample counts when any
 * frame on its stack is one of these. What waits for the disk counts as well, so the share is rather too large.
 */
const PAYMENT_FILES = [
  /\/sdk\/protocol\/(typed-data|struct-hash|secp256k1|meter|channel|commitments|receipt-bundle|check-bundle)\.ts$/,
  /\/sdk\/client\/(channels|store|chain)\//,
  /\/sdk\/client\/bundle\.ts$/,
  /\/sdk\/client\/job\/(place-order|check-quote|check-receipt|settle)\.ts$/,
  /\/node\/payments\//,
  /\/node\/chain\//,
  /\/node\/p2p\/job\/(quote|admit|settle)\.ts$/,
  /\/node_modules\/(tiny-secp256k1|viem|abitype|ox)\//,
  /^node:internal\/deps\/undici\//,
]

export interface Shares {
  /** Of all samples in which the thread was not idle. */
  payment: number
  /** Where the rest went, for whoever wants to make it faster: file, share. */
  files: [string, number][]
}

export function shares(profile: Profiler.Profile): Shares {
  const nodes = new Map(profile.nodes.map(node => [node.id, node]))
  const parents = new Map<number, number>()
  for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id)
  const isPayment = (id: number | undefined): boolean => {
    for (let at = id; at !== undefined; at = parents.get(at)) {
      const { url } = nodes.get(at)!.callFrame
      if (PAYMENT_FILES.some(file => file.test(url))) return true
    }
    return false
  }
  const byFile = new Map<string, number>()
  let [payment, busy] = [0, 0]
  const { samples = [], timeDeltas = [] } = profile
  samples.forEach((id, at) => {
    const { functionName, url } = nodes.get(id)!.callFrame
    if (functionName === '(idle)') return
    const spent = timeDeltas[at]!
    busy += spent
    if (isPayment(id)) payment += spent
    const file = url === '' ? functionName : url.replace(/^.*\/(?=node_modules|sdk|node|engine|scripts)/, '')
    byFile.set(file, (byFile.get(file) ?? 0) + spent)
  })
  const files = [...byFile].sort((a, b) => b[1] - a[1]).slice(0, 40)
  return { payment: payment / busy, files: files.map(([file, spent]) => [file, spent / busy]) }
}
