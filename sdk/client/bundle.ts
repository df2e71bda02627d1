import type { ChannelParts, Deployment, Hex } from '../protocol/index.ts'
import { RECEIPT_BUNDLE_VERSION, type ReceiptBundle } from '../protocol/receipt-bundle.ts'
import type { Delivery } from './job/job.ts'
import { TRANSCRIPT_TOKENS_MAX, TRANSCRIPTS_MAX } from './limits.ts'

/** Everything that lets anyone check an answer later, without us. */
export function receiptBundle(
  { order, ...delivery }: Delivery,
  channel: ChannelParts,
  deployment: Deployment,
): ReceiptBundle {
  const { offer, node } = order.offer
  const { chainId, contracts } = deployment
  return {
    version: RECEIPT_BUNDLE_VERSION,
    deployment: { chainId, escrow: contracts.escrow, audits: contracts.audits, staking: contracts.staking },
    provider: { node, operator: offer.operator, payee: offer.payee, engineMajor: offer.engineMajor },
    channel,
    quote: order.quote,
    quoteSignature: order.quoteSignature,
    request: order.request,
    requestSignature: order.requestSignature,
    receipt: delivery.receipt,
    receiptSignature: delivery.signature,
    receiptHash: delivery.receiptHash,
    cost: delivery.cost,
    salt: order.salt,
    prompt: order.prompt,
    output: delivery.output,
  }
}

/** The last answers with their transcripts, in memory only and bounded by count and size. */
export interface Transcripts {
  add(requestId: Hex, bundle: ReceiptBundle): void
  get(requestId: Hex): ReceiptBundle | undefined
}

export function transcripts(): Transcripts {
  const kept = new Map<Hex, ReceiptBundle>()
  let tokens = 0
  const size = ({ prompt, output }: ReceiptBundle) => prompt.length + output.length

  return {
    get: requestId => kept.get(requestId),
    add(requestId, bundle) {
      kept.set(requestId, bundle)
      tokens += size(bundle)
      for (const [oldest, { prompt, output }] of kept) {
        if (kept.size <= TRANSCRIPTS_MAX && tokens <= TRANSCRIPT_TOKENS_MAX) break
        kept.delete(oldest)
        tokens -= prompt.length + output.length
      }
    },
  }
}
