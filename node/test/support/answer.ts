import { digest, type JobMessage, mustSign } from '@aria/sdk/protocol'
import { DEPLOYED, type JobKit, type Ordered, type TestClient } from './job-kit.ts'

/** Reads to the receipt, paying every checkpoint; returns everything that came. */
export async function readAnswer(kit: JobKit, client: TestClient, ordered: Ordered, { pay = true } = {}) {
  const messages: JobMessage[] = []
  const output: number[] = []
  for (;;) {
    const message = await client.next()
    if (message === undefined) return { messages, output, receipt: undefined }
    messages.push(message)
    if (message.type === 'chunk') {
      output.push(...message.body.tokens)
      const { checkpoint } = message.body
      if (checkpoint === null || !pay) continue
      const voucher = await client.voucher(ordered.channel, mustSign(ordered.terms, checkpoint.outputTokens))
      const best = kit.components.vouchers.account(ordered.channel)!.best!.total
      if (voucher.total > best) await client.send({ type: 'voucher', body: voucher })
    }
    if (message.type === 'receipt') return { messages, output, receipt: message.body }
    if (message.type === 'reject') return { messages, output, receipt: undefined, reject: message.body }
  }
}

/** Ends a job the orderly way. */
export async function acknowledge(
  client: TestClient,
  receipt: Parameters<typeof digest<'Receipt'>>[1],
): Promise<void> {
  await client.send({
    type: 'ack',
    body: { receiptHash: digest('Receipt', receipt, DEPLOYED), voucher: null },
  })
  await client.stream.close()
  await client.served
}
