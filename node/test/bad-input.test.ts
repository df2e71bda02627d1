import { channelId, type Deployed, encodeJobMessage, mustSign } from '@aria/sdk/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { BAN_MS, FAULTS_MAX, FAULTS_WINDOW_MS, FAULTY_PEERS_MAX, penalties } from '../p2p/penalties.ts'
import { acknowledge, readAnswer } from './support/answer.ts'
import {
  channelOf,
  countingModel,
  DEPLOYED,
  type JobKit,
  jobKit,
  type OrderChange,
  PARTS,
  STRANGER,
  type TestClient,
} from './support/job-kit.ts'

let kit: JobKit

/** Errors and penalties as node/README.md states them: a fault is counted against the peer, anything else is not. */
const faults = () => kit.components.metrics.read().aria_peer_violations_total

async function refusal(client: TestClient) {
  const { code } = await client.expect('reject')
  await client.stream.close()
  await client.served
  return { code, faults: faults(), isReset: client.stream.abortedBy() !== undefined }
}

async function refusedOrder(change: OrderChange, parts = PARTS) {
  kit = jobKit()
  const client = kit.open()
  await client.order(await client.quote({ channel: parts }), change)
  return refusal(client)
}

async function runningJob() {
  kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
  const client = kit.open()
  const ordered = await client.order(await client.quote())
  await client.expect('accept')
  await client.expect('chunk')
  return { client, ordered }
}

async function servedJob(nonce: bigint) {
  kit = jobKit(countingModel({ stopAt: 5 }).model)
  const client = kit.open()
  const ordered = await client.order(await client.quote({ nonce }))
  await client.expect('accept')
  const { receipt } = await readAnswer(kit, client, ordered)
  await acknowledge(client, receipt!.receipt)
  return ordered
}

describe('bad input', () => {
  afterEach(() => kit.close())

  it('truncated: a message that ends early is bad_frame, a fault', async () => {
    const { client, ordered } = await runningJob()
    const voucher = await client.voucher(ordered.channel, mustSign(ordered.terms, 16))
    const frame = encodeJobMessage({ type: 'voucher', body: voucher })
    await client.stream.write(frame.subarray(0, frame.length - 1))
    expect(await skipTo(client)).toEqual({ code: 'bad_frame', faults: 1, isReset: true })
  })

  it('out of order: a request before its quote is bad_frame, a fault', async () => {
    kit = jobKit()
    const client = kit.open()
    const body = { receiptHash: `0x${'00'.repeat(32)}`, voucher: null } as const
    await client.send({ type: 'ack', body })
    expect(await refusal(client)).toEqual({ code: 'bad_frame', faults: 1, isReset: true })
  })

  it('replayed: a request id that was served is request_replayed, a fault, and costs nobody anything', async () => {
    const { channel } = await servedJob(123_456n)
    const before = kit.components.vouchers.account(channel)
    const again = kit.open()
    await again.order(await again.quote({ nonce: 123_456n }))
    expect(await refusal(again)).toEqual({ code: 'request_replayed', faults: 1, isReset: true })
    expect(kit.components.vouchers.account(channel)).toEqual(before)
  })

  it('replayed: a nonce below the floor of a channel whose jobs are forgotten is request_replayed', async () => {
    await servedJob(200n)
    kit.components.vouchers.forgetJobs(Date.now() + 1)
    const again = kit.open()
    await again.order(await again.quote({ nonce: 199n }))
    expect(await refusal(again)).toEqual({ code: 'request_replayed', faults: 1, isReset: true })
  })

  const elsewhere: [string, Partial<Deployed>][] = [
    ['wrong chain', { chainId: 1 }],
    ['wrong contract (escrow)', { escrow: `0x${'e2'.repeat(20)}` }],
    ['wrong contract (audits)', { audits: `0x${'a2'.repeat(20)}` }],
  ]
  it.each(elsewhere)(
    '%s: what was signed for it is bad_signature, a fault, and is not kept',
    async (_what, other) => {
      expect(await refusedOrder({ deployed: { ...DEPLOYED, ...other } })).toEqual({
        ...{ code: 'bad_signature', faults: 1, isReset: true },
      })
      expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
    },
  )

  it('wrong payee: a request on a channel that pays another is wrong_payee, a fault', async () => {
    expect(await refusedOrder({ request: { channelId: channelOf(STRANGER.address) } })).toEqual({
      ...{ code: 'wrong_payee', faults: 1, isReset: true },
    })
  })

  it('other peer’s voucher: whoever shows it without the signer’s request is bad_signature, and gets nothing', async () => {
    expect(await refusedOrder({ requestSigner: STRANGER })).toEqual({
      ...{ code: 'bad_signature', faults: 1, isReset: true },
    })
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
  })

  it('other peer’s voucher: in a running job, one of another channel is bad_signature, a fault', async () => {
    const { client, ordered } = await runningJob()
    const other = channelId({ ...PARTS, salt: 6n }, kit.components.payee)
    const best = kit.components.vouchers.account(ordered.channel)!.best
    await client.send({ type: 'voucher', body: await client.voucher(other, 10n ** 6n) })
    expect(await skipTo(client)).toEqual({ code: 'bad_signature', faults: 1, isReset: true })
    expect(kit.components.vouchers.account(ordered.channel)!.best).toEqual(best)
  })

  it('stale: a voucher that adds nothing is voucher_stale, a fault', async () => {
    const { client, ordered } = await runningJob()
    const body = await client.voucher(ordered.channel, mustSign(ordered.terms, 0))
    await client.send({ type: 'voucher', body })
    expect(await skipTo(client)).toEqual({ code: 'voucher_stale', faults: 1, isReset: true })
  })

  it('stale: a request on a quote that ended is quote_expired, nobody’s fault, and its voucher does not count', async () => {
    let nowSeconds = Math.floor(Date.now() / 1000)
    kit = jobKit(countingModel().model, { clock: { nowSeconds: () => nowSeconds } })
    const client = kit.open()
    const quoted = await client.quote()
    nowSeconds = quoted.quote.validUntil + 1
    await client.order(quoted)
    expect(await refusal(client)).toEqual({ code: 'quote_expired', faults: 0, isReset: true })
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
  })

  it('stale: the price of a quote holds for its request when the provider asks more meanwhile', async () => {
    const prices = { perInputToken: 3n, perOutputToken: 10n, depositMin: 0n }
    kit = jobKit(countingModel({ stopAt: 5 }).model, { prices })
    const client = kit.open()
    const quoted = await client.quote()
    Object.assign(prices, { perInputToken: 300n, perOutputToken: 1_000n })
    const ordered = await client.order(quoted)
    await client.expect('accept')
    const { receipt } = await readAnswer(kit, client, ordered)
    expect(receipt!.receipt.cumulativeDue).toBe(8n * 3n + 5n * 10n)
    await acknowledge(client, receipt!.receipt)
    expect((await kit.open().quote()).quote.pricePerOutputToken).toBe(1_000n)
  })

  it('concurrent: a second request on a channel with one under way is busy, nobody’s fault', async () => {
    const { client } = await runningJob()
    const second = kit.open()
    await expect(second.quote()).rejects.toThrow('busy')
    expect(faults()).toBe(0)
    client.stream.abort(new Error('done'))
    await client.served
  })

  it('concurrent: of two requests that were quoted together, one is served and the other is busy', async () => {
    kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
    const [one, two] = [kit.open(), kit.open()]
    const [first, second] = [await one.quote(), await two.quote()]
    await one.order(first)
    await one.expect('accept')
    await two.order(second)
    expect(await refusal(two)).toMatchObject({ code: 'busy', faults: 0 })
    one.stream.abort(new Error('done'))
    await one.served
  })

  async function skipTo(client: TestClient) {
    for (;;) {
      const message = await client.next()
      if (message === undefined) throw new Error('no reject came')
      if (message.type !== 'reject') continue
      await client.stream.close()
      await client.served
      return { code: message.body.code, faults: faults(), isReset: client.stream.abortedBy() !== undefined }
    }
  }
})

describe('penalties', () => {
  let nowMs = 1_000_000
  const strict = () => penalties(() => nowMs)

  it('a peer with the last allowed fault is heard, one more and it is turned away for a while', () => {
    const kept = strict()
    for (let fault = 1; fault < FAULTS_MAX; fault++) expect(kept.record('peer', 'bad_frame')).toBe(true)
    kept.check('peer')
    kept.record('peer', 'voucher_stale')
    expect(() => kept.check('peer')).toThrow(
      expect.objectContaining({ code: 'peer_banned', facts: { retryAfterMs: BAN_MS } }),
    )
    kept.check('another')
    nowMs += BAN_MS
    kept.check('peer')
  })

  it('faults far apart do not add up, and what is not the peer’s fault never counts', () => {
    const kept = strict()
    for (let fault = 0; fault < 3 * FAULTS_MAX; fault++) {
      kept.record('slow', 'bad_signature')
      nowMs += FAULTS_WINDOW_MS / 2
      for (const code of ['busy', 'quote_expired', 'channel_unfunded', 'internal', 'peer_banned'] as const)
        expect(kept.record('honest', code)).toBe(false)
    }
    kept.check('slow')
    kept.check('honest')
  })

  it('remembers a bounded number of peers', () => {
    const kept = strict()
    for (let fault = 0; fault < FAULTS_MAX; fault++) kept.record('first', 'bad_frame')
    for (let peer = 0; peer < FAULTY_PEERS_MAX; peer++) kept.record(`peer ${peer}`, 'bad_frame')
    kept.check('first')
  })

  it('turn a stream away before anything of it is read', async () => {
    const kept = penalties()
    for (let fault = 0; fault < FAULTS_MAX; fault++) kept.record('peer', 'bad_frame')
    kit = jobKit(countingModel().model, { penalties: kept })
    const client = kit.open()
    const { code, retryAfterMs } = await client.expect('reject')
    expect(code).toBe('peer_banned')
    expect(retryAfterMs).toBeGreaterThan(BAN_MS - 5_000)
    await client.stream.close()
    await client.served
    kit.close()
  })
})
