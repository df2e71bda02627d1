import { channelId, encodeJobMessage, FINISH, mustSign, owed } from '@aria/sdk/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { CLIENT, countingModel, FIRST_EDGE, type JobKit, jobKit, PARTS, STRANGER } from './support/job-kit.ts'

let kit: JobKit
afterEach(() => kit.close())

describe('a peer that breaks the rules mid-stream', () => {
  async function runningJob() {
    kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    for (let received = 0; received < FIRST_EDGE; ) received += (await client.expect('chunk')).tokens.length
    return { client, ordered }
  }

  it('is refused for a stale voucher, and the best one stays', async () => {
    const { client, ordered } = await runningJob()
    const best = mustSign(ordered.terms, 0)
    await client.send({ type: 'voucher', body: await client.voucher(ordered.channel, best) })
    expect((await client.expect('reject')).code).toBe('voucher_stale')
    await client.stream.close()
    await client.served
    expect(kit.components.vouchers.account(ordered.channel)!.best!.total).toBe(best)
  })

  it('is refused for a voucher that a stranger signed, even when its total is stale', async () => {
    const { client, ordered } = await runningJob()
    await client.send({ type: 'voucher', body: await client.voucher(ordered.channel, 1n, STRANGER) })
    expect((await client.expect('reject')).code).toBe('bad_signature')
    await client.stream.close()
    await client.served
  })

  it('is refused for a voucher of another channel', async () => {
    const { client, ordered } = await runningJob()
    const other = channelId({ ...PARTS, salt: 6n }, CLIENT.address)
    const voucher = await client.voucher(other, mustSign(ordered.terms, FIRST_EDGE))
    await client.send({ type: 'voucher', body: voucher })
    expect((await client.expect('reject')).code).toBe('bad_signature')
    await client.stream.close()
    await client.served
  })

  it.each([
    ['an empty frame', new Uint8Array(0)],
    ['an unknown tag', Uint8Array.of(99, 1, 2)],
    ['broken CBOR', Uint8Array.of(7, 0xff, 0xff)],
    [
      'a message of the wrong moment',
      encodeJobMessage({ type: 'reject', body: { code: '', message: '', retryAfterMs: 0 } }),
    ],
  ])('is refused for %s and charged only to the checkpoint', async (_what, frame) => {
    const { client, ordered } = await runningJob()
    await client.stream.write(frame)
    expect((await client.expect('reject')).code).toBe('bad_frame')
    await client.stream.close()
    await client.served
    expect(client.stream.abortedBy()).toBeDefined()
    expect(kit.components.vouchers.account(ordered.channel)!.due).toBe(owed(ordered.terms, FIRST_EDGE))
    expect(kit.components.metrics.read().aria_peer_violations_total).toBe(1)
  })

  it('is refused when it starts with anything but a quote request', async () => {
    kit = jobKit()
    const client = kit.open()
    await client.send({ type: 'cancel', body: { reason: '' } })
    expect((await client.expect('reject')).code).toBe('bad_frame')
    await client.stream.close()
    await client.served
  })

  it('gets a cancelled receipt when the stop token is cut off with what it never saw', async () => {
    const gate = Promise.withResolvers<void>()
    const { model, state } = countingModel({
      stopAt: 12,
      beforeDecode: async () => (state.decoded >= 8 ? gate.promise : undefined),
    })
    kit = jobKit(model, { voucherTimeoutMs: 5_000 })
    const client = kit.open()
    await client.order(await client.quote())
    await client.expect('accept')
    for (let received = 0; received < 8; ) received += (await client.expect('chunk')).tokens.length
    await client.stream.write(Uint8Array.of(99))
    await new Promise(resolve => setTimeout(resolve, 20))
    gate.resolve()
    await client.served
    const [stored] = kit.receipts.after(0n, 10)
    expect(stored!.item.receipt).toMatchObject({ finish: FINISH.cancelled, outputTokens: 8 })
  })
})
