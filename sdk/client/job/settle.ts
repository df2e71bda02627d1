import {
  type Deployed,
  digest,
  requireSigner,
  type SignedReceipt,
  type SignedVoucher,
  type Signer,
} from '../../protocol/index.ts'
import { signTotal } from '../channels/index.ts'
import type { Timeouts } from '../limits.ts'
import type { ChannelStore, Store } from '../store/index.ts'
import { checkReceipt } from './check-receipt.ts'
import type { Delivery, Order } from './job.ts'
import type { Output } from './output.ts'
import type { JobStream } from './stream.ts'

export interface ReceiveComponents {
  channels: ChannelStore
  books: Pick<Store, 'settle'>
  signer: Signer
  deployed: Deployed
  timeouts: Timeouts
  nowMs: () => number
}

/** Checks the receipt and books it; `fresh` is what the provider still misses. @throws AriaError `bad_receipt`, `bad_signature`. */
export async function settle(
  components: ReceiveComponents,
  order: Order,
  output: Output,
  stopTokens: readonly number[] | undefined,
  { receipt, signature }: SignedReceipt,
): Promise<{ delivery: Delivery; fresh: SignedVoucher | undefined }> {
  const { channels, books, deployed, nowMs } = components
  const { commitment, tokens } = output
  await requireSigner('Receipt', receipt, signature, deployed, order.offer.node)
  const { salt } = channels.get(order.channel)!.parts
  const last = tokens.at(-1)
  const arrived = { outputTokens: tokens.length, outputRoot: commitment.root(), last, stopTokens }
  checkReceipt(receipt, order, { ...arrived, salt, nowMs: nowMs() })
  const { fresh } = await signTotal(components, order.channel, receipt.cumulativeDue)
  const receiptHash = digest('Receipt', receipt, deployed)
  const cost = receipt.cumulativeDue - order.terms.base
  const { requestId } = order.request
  const entry = { requestId, channel: order.channel, receiptHash, receipt, signature, cost }
  await books.settle({ ...entry, receivedAtMs: nowMs() }, fresh)
  output.proven = tokens.length
  const unmeasured = { firstTokenMs: undefined, tokensPerSecond: undefined }
  const delivery = { receipt, signature, order, receiptHash, output: Uint32Array.from(tokens), cost }
  return { delivery: { ...delivery, ...unmeasured }, fresh }
}

/** The answer is complete and proven; a provider that hangs up before our thanks loses nothing of ours. */
export async function acknowledge(
  stream: JobStream,
  { receiptHash }: Delivery,
  fresh: SignedVoucher | undefined,
): Promise<void> {
  await stream.send({ type: 'ack', body: { receiptHash, voucher: fresh ?? null } }).catch(() => {})
  await stream.close()
}
