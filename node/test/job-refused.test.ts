import { AriaError, type Deployed } from '@aria/sdk/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { scheduler } from '../inference/scheduler.ts'
import { acknowledge, readAnswer } from './support/answer.ts'
import {
  CONTEXT,
  channelOf,
  countingModel,
  DEPLOYED,
  DEPOSIT_MIN,
  type JobKit,
  jobKit,
  type OrderChange,
  PRICE_OUT,
  PROMPT,
  STOP_TOKEN,
  STRANGER,
  type TestClient,
} from './support/job-kit.ts'

let kit: JobKit
afterEach(() => kit.close())

describe('a refused request', () => {
  const otherChain: Deployed = { ...DEPLOYED, chainId: 1 }
  const otherEscrow: Deployed = { ...DEPLOYED, escrow: `0x${'e2'.repeat(20)}` }
  const longAgo = Math.floor(Date.now() / 1000) - 10
  const cases: [why: string, code: string, change: OrderChange][] = [
    ['a voucher signed by a stranger', 'bad_signature', { signer: STRANGER }],
    ['a request signed by a stranger', 'bad_signature', { requestSigner: STRANGER }],
    ['signatures for another chain', 'bad_signature', { deployed: otherChain }],
    ['signatures for another escrow', 'bad_signature', { deployed: otherEscrow }],
    ["another payee's channel", 'wrong_payee', { request: { channelId: channelOf(STRANGER.address) } }],
    ['a voucher below the first window', 'voucher_too_small', { total: 1n }],
    ['a foreign quote', 'bad_request', { request: { quoteHash: `0x${'00'.repeat(32)}` } }],
    ['a deadline in the past', 'quote_expired', { request: { deadline: longAgo } }],
    ['more output than quoted', 'bad_request', { request: { maxOutputTokens: 101 } }],
    ['another prompt than committed', 'bad_request', { job: { prompt: PROMPT.map(token => token + 1) } }],
    ['fewer tokens than quoted', 'bad_request', { prompt: PROMPT.slice(1) }],
    ['a made-up request id', 'bad_request', { request: { requestId: `0x${'05'.repeat(32)}` } }],
    ['a temperature out of range', 'bad_request', { request: { temperature: 2001 } }],
    ['an answer without a prompt', 'bad_request', { request: { answeredTokens: PROMPT.length } }],
    [
      'an answer that has ended already',
      'bad_request',
      { prompt: Uint32Array.from([...PROMPT.slice(1), STOP_TOKEN]), request: { answeredTokens: 1 } },
    ],
    ['a token outside the vocabulary', 'bad_request', { prompt: PROMPT.map(token => token + 100) }],
  ]
  it.each(cases)('%s gives %s, costs nothing and frees the slot', async (_why, code, change) => {
    const { model, state } = countingModel()
    kit = jobKit(model)
    const client = kit.open()
    await client.order(await client.quote(), change)
    expect(await client.expect('reject')).toMatchObject({ code })
    await client.stream.close()
    await client.served
    expect(state.decoded).toBe(0)
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
    expect(kit.components.scheduler.slotsFree()).toBe(2)
    expect(kit.components.busyChannels.size).toBe(0)
  })

  async function refusedAt(client: TestClient, change?: OrderChange): Promise<string> {
    await client.order(await client.quote(), change)
    return (await client.expect('reject')).code
  }

  it('gives channel_thawing while a withdrawal is announced', async () => {
    kit = jobKit()
    kit.view.thawEnd = 99
    expect(await refusedAt(kit.open())).toBe('channel_thawing')
  })

  it('gives channel_unfunded when the deposit does not cover the longest answer', async () => {
    kit = jobKit()
    kit.view.balance = 100n * PRICE_OUT
    expect(await refusedAt(kit.open())).toBe('channel_unfunded')
  })

  it('gives deposit_too_small below the minimum of the offer, and serves at it', async () => {
    kit = jobKit()
    kit.view.deposited = DEPOSIT_MIN - 1n
    const client = kit.open()
    await client.order(await client.quote())
    const reject = await client.expect('reject')
    expect(reject.code).toBe('deposit_too_small')
    expect(reject.message).toContain(`${DEPOSIT_MIN - 1n}`)
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()

    kit.view.deposited = DEPOSIT_MIN
    const again = kit.open()
    await again.order(await again.quote())
    await again.expect('accept')
    again.stream.abort(new Error('enough'))
    await again.served
  })

  it('gives base_too_low below the debt of an earlier job', async () => {
    kit = jobKit(countingModel({ stopAt: 5 }).model)
    const first = kit.open()
    const ordered = await first.order(await first.quote())
    await first.expect('accept')
    const { receipt } = await readAnswer(kit, first, ordered)
    await acknowledge(first, receipt!.receipt)
    expect(await refusedAt(kit.open(), { request: { base: 0n }, total: 10_000n })).toBe('base_too_low')
  })

  it('gives base_too_low below what was redeemed, when its own books were lost', async () => {
    kit = jobKit()
    kit.view.claimed = 500n
    expect(await refusedAt(kit.open(), { request: { base: 499n }, total: 100_000n })).toBe('base_too_low')
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
  })

  it('takes the window that was paid ahead and redeemed as credit of the next request', async () => {
    kit = jobKit(countingModel({ stopAt: 3 }).model)
    const first = kit.open()
    const ordered = await first.order(await first.quote())
    await first.expect('accept')
    const { receipt } = await readAnswer(kit, first, ordered)
    await acknowledge(first, receipt!.receipt)
    const { due, best } = kit.components.vouchers.account(ordered.channel)!
    kit.view.claimed = best!.total
    expect(kit.view.claimed).toBeGreaterThan(due)
    const second = kit.open()
    await second.order(await second.quote())
    await second.expect('accept')
    second.stream.abort(new Error('enough'))
    await second.served
  })

  it('gives request_replayed for a request id that was served', async () => {
    kit = jobKit(countingModel({ stopAt: 5 }).model)
    const first = kit.open()
    const ordered = await first.order(await first.quote({ nonce: 77_777n }))
    await first.expect('accept')
    await acknowledge(first, (await readAnswer(kit, first, ordered)).receipt!.receipt)
    const second = kit.open()
    await second.order(await second.quote({ nonce: 77_777n }))
    expect((await second.expect('reject')).code).toBe('request_replayed')
  })

  it('gives prompt_too_long, unknown_model or bad_request already at the quote', async () => {
    kit = jobKit()
    const asks = [
      [{ inputTokens: CONTEXT }, 'prompt_too_long'],
      [{ modelId: `0x${'00'.repeat(32)}` }, 'unknown_model'],
      [{ maxOutputTokens: 0 }, 'bad_request'],
      [{ windowTokensMax: 0 }, 'bad_request'],
    ] as const
    for (const [change, code] of asks) {
      await expect(kit.open().quote(change)).rejects.toThrow(code)
    }
  })

  it('gives busy with a time to retry when slots and queue are full, and keeps no voucher', async () => {
    kit = jobKit(countingModel().model, { scheduler: scheduler({ slots: 1, queue: 0 }) })
    const place = kit.components.scheduler.enter({ client: 'other' })
    const client = kit.open()
    await client.order(await client.quote())
    const reject = await client.expect('reject')
    expect(reject.code).toBe('busy')
    expect(reject.retryAfterMs).toBeGreaterThan(0)
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
    place.release()
  })

  it('gives busy for a second request on a channel with one under way', async () => {
    kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
    const first = kit.open()
    await first.order(await first.quote())
    await first.expect('accept')
    await expect(kit.open().quote()).rejects.toThrow('busy')
    first.stream.abort(new Error('done'))
    await first.served
  })

  it('says chain_unreachable while the RPC is away, and keeps no voucher', async () => {
    const away = new AriaError('chain_unreachable', 'The RPC does not answer.')
    kit = jobKit(countingModel().model, { channels: { read: () => Promise.reject(away) } })
    expect(await refusedAt(kit.open())).toBe('chain_unreachable')
    expect(kit.components.vouchers.account(channelOf())).toBeUndefined()
  })

  it('hides the cause of its own failures', async () => {
    const read = async () => Promise.reject(new Error('secret detail'))
    kit = jobKit(countingModel().model, { channels: { read } })
    const client = kit.open()
    await client.order(await client.quote())
    expect(await client.expect('reject')).toEqual({
      code: 'provider_failed',
      message: 'The provider failed.',
      retryAfterMs: 0,
    })
  })
})
