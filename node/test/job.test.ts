import {
  bytesToTokens,
  channelId,
  type Deployed,
  digest,
  encodeJobMessage,
  FINISH,
  type JobMessage,
  mustSign,
  outputRoot,
  owed,
  promptCommit,
  recoverStruct,
  requestId,
  tokenBytes,
} from '@aria/sdk/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { scheduler } from '../inference/scheduler.ts'
import {
  CLIENT,
  CONTEXT,
  channelOf,
  countingModel,
  DEPLOYED,
  type JobKit,
  jobKit,
  NODE,
  type OrderChange,
  type Ordered,
  PARTS,
  PRICE_OUT,
  PROMPT,
  STRANGER,
  type TestClient,
} from './support/job-kit.ts'

let kit: JobKit
afterEach(() => kit.close())

/** Reads to the receipt, paying every checkpoint; returns everything that came. */
async function readAnswer(client: TestClient, ordered: Ordered, { pay = true } = {}) {
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

async function acknowledge(
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

describe('a paid job', () => {
  it('ends with a receipt over exactly what was delivered and owed', async () => {
    kit = jobKit(countingModel({ stopAt: 40 }).model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { output, receipt, messages } = await readAnswer(client, ordered)
    await acknowledge(client, receipt!.receipt)

    expect(output).toHaveLength(40)
    expect(receipt!.receipt).toMatchObject({
      requestHash: ordered.requestHash,
      outputRoot: outputRoot(Uint32Array.from(output)),
      outputTokens: 40,
      cumulativeDue: owed(ordered.terms, 40),
      finish: FINISH.stop,
      flags: 1,
    })
    const signer = await recoverStruct('Receipt', receipt!.receipt, receipt!.signature, DEPLOYED)
    expect(signer).toBe(NODE.address)
    expect(kit.components.vouchers.account(ordered.channel)!.due).toBe(receipt!.receipt.cumulativeDue)
    // Window 16: a checkpoint every 8 tokens, each with our signature over everything so far.
    const checkpoints = messages.flatMap(m =>
      m.type === 'chunk' && m.body.checkpoint ? [m.body.checkpoint] : [],
    )
    expect(checkpoints.map(c => c.outputTokens)).toEqual([8, 16, 24, 32, 40])
    for (const { outputTokens, outputRoot: root, signature } of checkpoints) {
      expect(root).toBe(outputRoot(Uint32Array.from(output.slice(0, outputTokens))))
      const value = { requestHash: ordered.requestHash, outputTokens, outputRoot: root }
      expect(await recoverStruct('Checkpoint', value, signature, DEPLOYED)).toBe(NODE.address)
    }
  })

  it('starts the next request at the debt of the last and lets the overpaid window serve', async () => {
    kit = jobKit(countingModel({ stopAt: 3 }).model)
    const first = kit.open()
    const ordered = await first.order(await first.quote())
    await first.expect('accept')
    const { receipt } = await readAnswer(first, ordered)
    await acknowledge(first, receipt!.receipt)

    const second = kit.open()
    const quote = await second.quote({ maxOutputTokens: 4 })
    expect(quote.due).toBe(receipt!.receipt.cumulativeDue)
    expect(quote.best!.total).toBe(mustSign(ordered.terms, 0))
    const next = await second.order(quote)
    await second.expect('accept')
    const answer = await readAnswer(second, next)
    expect(answer.receipt!.receipt.cumulativeDue).toBe(owed(next.terms, 3))
    await acknowledge(second, answer.receipt!.receipt)
  })

  it('stops at the paid edge, makes no token more, and ends with voucherTimeout', async () => {
    const { model, state } = countingModel()
    kit = jobKit(model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { output, receipt, messages } = await readAnswer(client, ordered, { pay: false })
    expect(output).toHaveLength(16)
    expect(state.decoded).toBe(16)
    const last = messages.findLast(message => message.type === 'chunk')
    expect(last!.body).toMatchObject({ checkpoint: { outputTokens: 16 } })
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.voucherTimeout, outputTokens: 16 })
    await acknowledge(client, receipt!.receipt)
  })

  it('goes on at once when the missing voucher comes', async () => {
    kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
    const client = kit.open()
    const ordered = await client.order(await client.quote({ maxOutputTokens: 24 }))
    await client.expect('accept')
    for (let received = 0; received < 16; ) received += (await client.expect('chunk')).tokens.length
    await client.send({
      type: 'voucher',
      body: await client.voucher(ordered.channel, mustSign(ordered.terms, 16)),
    })
    const { output, receipt } = await readAnswer(client, ordered)
    expect(output).toHaveLength(8)
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.length, outputTokens: 24 })
    await acknowledge(client, receipt!.receipt)
  })

  it('stops within one decode step when the client cancels, and charges what was sent', async () => {
    const gate = Promise.withResolvers<void>()
    let steps = 0
    const { model, state } = countingModel({
      beforeDecode: async () => (++steps > 2 ? gate.promise : undefined),
    })
    kit = jobKit(model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    await client.expect('chunk')
    await client.send({ type: 'cancel', body: { reason: 'test' } })
    await new Promise(resolve => setTimeout(resolve, 20))
    gate.resolve()
    const { receipt } = await readAnswer(client, ordered)
    expect(state.decoded).toBeLessThanOrEqual(1 + 2 * 4)
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.cancelled, outputTokens: state.decoded })
    await acknowledge(client, receipt!.receipt)
    expect(state.sessions).toBe(0)
    expect(kit.components.scheduler.slotsFree()).toBe(2)
  })

  it('charges a client that vanishes only up to the last checkpoint', async () => {
    kit = jobKit()
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    for (let received = 0; received < 16; ) received += (await client.expect('chunk')).tokens.length
    client.stream.abort(new Error('gone'))
    await client.served
    const account = kit.components.vouchers.account(ordered.channel)!
    expect(account.due).toBe(owed(ordered.terms, 16))
    expect(kit.receipts.after(0n, 10)[0]!.item.receipt.outputTokens).toBe(16)
    expect(kit.components.busyChannels.size).toBe(0)
  })

  it('ends with an error receipt when the engine fails', async () => {
    const { model, state } = countingModel()
    state.failWith = new Error('broken')
    kit = jobKit(model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { receipt } = await readAnswer(client, ordered)
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.error, outputTokens: 0 })
    await acknowledge(client, receipt!.receipt)
  })

  it('says contextFull when prompt and answer fill the context', async () => {
    kit = jobKit()
    const prompt = Uint32Array.from({ length: CONTEXT - 3 }, (_, at) => at % 50)
    const client = kit.open()
    const quote = await client.quote({ inputTokens: prompt.length })
    const ordered = await client.order(quote, { prompt })
    await client.expect('accept')
    const { output, receipt } = await readAnswer(client, ordered)
    expect(output).toHaveLength(3)
    expect(receipt!.receipt.finish).toBe(FINISH.contextFull)
    await acknowledge(client, receipt!.receipt)
  })

  it('keeps the transcript of a public job and nothing of a private one', async () => {
    kit = jobKit(countingModel({ stopAt: 3 }).model)
    for (const salt of [5n, 5n | (1n << 95n)]) {
      const client = kit.open()
      const ordered = await client.order(await client.quote({ channel: { ...PARTS, salt } }))
      await client.expect('accept')
      const { receipt } = await readAnswer(client, ordered)
      expect(receipt!.receipt.flags).toBe(salt === 5n ? 1 : 0)
      await acknowledge(client, receipt!.receipt)
    }
    const [stored, ...others] = kit.receipts.after(0n, 10)
    expect(others).toEqual([])
    expect(kit.receipts.transcript(stored!.cursor)!.prompt).toEqual(PROMPT)
  })

  it('finishes running jobs with a signed receipt when the node stops', async () => {
    const stopping = new AbortController()
    kit = jobKit(countingModel().model, { stopping: stopping.signal, voucherTimeoutMs: 5_000 })
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    for (let received = 0; received < 16; ) received += (await client.expect('chunk')).tokens.length
    stopping.abort(new Error('stop'))
    const { receipt } = await readAnswer(client, ordered)
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.error, outputTokens: 16 })
    await acknowledge(client, receipt!.receipt)
  })
})

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

  it('gives base_too_low below the debt of an earlier job', async () => {
    kit = jobKit(countingModel({ stopAt: 5 }).model)
    const first = kit.open()
    const ordered = await first.order(await first.quote())
    await first.expect('accept')
    const { receipt } = await readAnswer(first, ordered)
    await acknowledge(first, receipt!.receipt)
    expect(await refusedAt(kit.open(), { request: { base: 0n }, total: 10_000n })).toBe('base_too_low')
  })

  it('gives request_replayed for a request id that was served', async () => {
    kit = jobKit(countingModel({ stopAt: 5 }).model)
    const first = kit.open()
    const ordered = await first.order(await first.quote({ nonce: 77_777n }))
    await first.expect('accept')
    await acknowledge(first, (await readAnswer(first, ordered)).receipt!.receipt)
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
    const place = kit.components.scheduler.enter()
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

describe('a peer that breaks the rules mid-stream', () => {
  async function runningJob() {
    kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    for (let received = 0; received < 16; ) received += (await client.expect('chunk')).tokens.length
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
    const voucher = await client.voucher(other, mustSign(ordered.terms, 16))
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
    expect(kit.components.vouchers.account(ordered.channel)!.due).toBe(owed(ordered.terms, 16))
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
})

it('commits to prompts and request ids as the protocol says', () => {
  kit = jobKit()
  expect(bytesToTokens(tokenBytes(PROMPT))).toEqual(PROMPT)
  expect(promptCommit(new Uint8Array(32), PROMPT)).toMatch(/^0x[0-9a-f]{64}$/)
  expect(requestId(channelOf(), 1n)).not.toBe(requestId(channelOf(), 2n))
})
