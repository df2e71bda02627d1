import {
  type Deployed,
  digest,
  requireSigner,
  type SignedReceipt,
  type Signer,
} from '../../protocol/index.ts'
import { signTotal } from '../channels/index.ts'
import type { Timeouts } from '../limits.ts'
import type { ChannelStore } from '../store/index.ts'
import { checkReceipt } from './check-receipt.ts'
import type { Delivery, Order } from './job.ts'
import type { Output } from './output.ts'
import type { JobStream } from './stream.ts'

export interface ReceiveComponents {
  channels: ChannelStore
  signer: Signer
  deployed: Deployed
  timeouts: Timeouts
  nowMs: () => number
}

/** Checks the receipt and books it. @throws AriaError `bad_receipt`, `bad_signature`. */
export async function settle(
  { channels, deployed, nowMs }: ReceiveComponents,
  order: Order,
  output: Output,
  stopTokens: readonly number[] | undefined,
  { receipt, signature }: SignedReceipt,
): Promise<Delivery> {
  const { commitment, tokens } = output
  await requireSigner('Receipt', receipt, signature, deployed, order.offer.node)
  const { salt } = channels.get(order.channel)!.parts
  const last = tokens.at(-1)
  const arrived = { outputTokens: tokens.length, outputRoot: commitment.root(), last, stopTokens }
  checkReceipt(receipt, order, { ...arrived, salt, nowMs: nowMs() })
  channels.setDue(order.channel, receipt.cumulativeDue, true, nowMs())
  output.proven = tokens.length
  const receiptHash = digest('Receipt', receipt, deployed)
  const cost = receipt.cumulativeDue - order.terms.base
  const unmeasured = { firstTokenMs: undefined, tokensPerSecond: undefined }
  return { receipt, signature, order, receiptHash, output: Uint32Array.from(tokens), cost, ...unmeasured }
}

/** The answer is complete and proven; a provider that hangs up before our thanks loses nothing of ours. */
export async function acknowledge(
  components: ReceiveComponents,
  stream: JobStream,
  { order, receipt, receiptHash }: Delivery,
): Promise<void> {
  const before = components.channels.get(order.channel)!.signed!.total
  const voucher = await signTotal(components, order.channel, receipt.cumulativeDue)
  const body = { receiptHash, voucher: voucher.total > before ? voucher : null }
  await stream.send({ type: 'ack', body }).catch(() => {})
  await stream.close()
}
