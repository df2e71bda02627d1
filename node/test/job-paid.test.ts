import { FINISH, mustSign, outputRoot, owed, recoverStruct } from '@aria/sdk/protocol'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { acknowledge, readAnswer } from './support/answer.ts'
import {
  CONTEXT,
  countingModel,
  DEPLOYED,
  FIRST_EDGE,
  type JobKit,
  jobKit,
  NODE,
  PARTS,
  PROMPT,
} from './support/job-kit.ts'

let kit: JobKit
afterEach(() => kit.close())

describe('a paid job', () => {
  it('ends with a receipt over exactly what was delivered and owed', async () => {
    kit = jobKit(countingModel({ stopAt: 40 }).model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { output, receipt, messages } = await readAnswer(kit, client, ordered)
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
    // Window 16: a checkpoint every 8 tokens (and where a voucher was late), each with our signature over everything so far.
    const checkpoints = messages.flatMap(m =>
      m.type === 'chunk' && m.body.checkpoint ? [m.body.checkpoint] : [],
    )
    const counts = checkpoints.map(c => c.outputTokens)
    expect(counts.filter(count => count % 8 === 0)).toEqual([8, 16, 24, 32, 40])
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
    const { receipt } = await readAnswer(kit, first, ordered)
    await acknowledge(first, receipt!.receipt)

    const second = kit.open()
    const quote = await second.quote({ maxOutputTokens: 4 })
    expect(quote.due).toBe(receipt!.receipt.cumulativeDue)
    expect(quote.best!.total).toBe(mustSign(ordered.terms, 0))
    const next = await second.order(quote)
    await second.expect('accept')
    const answer = await readAnswer(kit, second, next)
    expect(answer.receipt!.receipt.cumulativeDue).toBe(owed(next.terms, 3))
    await acknowledge(second, answer.receipt!.receipt)
  })

  it('makes no token before its voucher is on disk, and sends no receipt before the debt is', async () => {
    const { model, state } = countingModel({ stopAt: 3 })
    kit = jobKit(model)
    const { vouchers } = kit.components
    const disk: PromiseWithResolvers<void>[] = []
    vouchers.synced = () => {
      const wait = Promise.withResolvers<void>()
      disk.push(wait)
      return wait.promise
    }
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await vi.waitFor(() => expect(disk).toHaveLength(1))
    expect(vouchers.account(ordered.channel)!.best!.total).toBe(mustSign(ordered.terms, 0))
    expect(state.decoded).toBe(0)

    disk[0]!.resolve()
    await client.expect('accept')
    await vi.waitFor(() => expect(disk).toHaveLength(2))
    expect(vouchers.account(ordered.channel)!.due).toBe(owed(ordered.terms, 3))
    disk[1]!.resolve()
    const { receipt } = await readAnswer(kit, client, ordered)
    await acknowledge(client, receipt!.receipt)
  })

  it('ends a job whose voucher cannot be brought to the disk, and makes no token for it', async () => {
    const { model, state } = countingModel()
    kit = jobKit(model)
    kit.components.vouchers.synced = () => Promise.reject(new Error('EIO'))
    const client = kit.open()
    await client.order(await client.quote())
    expect(await client.expect('reject')).toMatchObject({ code: 'provider_failed' })
    expect(state.decoded).toBe(0)
    expect(kit.components.scheduler.slotsFree()).toBe(2)
  })

  it('counts a deposit that came after the channel was read', async () => {
    const view = { balance: 1n, deposited: 1n, claimed: 0n, thawEnd: 0, block: 7n }
    const read = async (_channel: unknown, options?: { isFresh: boolean }) =>
      options?.isFresh ? { ...view, balance: 10n ** 9n, deposited: 10n ** 9n } : view
    kit = jobKit(countingModel({ stopAt: 3 }).model, { channels: { read } })
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { receipt } = await readAnswer(kit, client, ordered)
    expect(receipt!.receipt.finish).toBe(FINISH.stop)
    await acknowledge(client, receipt!.receipt)
  })

  it('asks the chain about a known channel while the client signs, and about a stranger only after its voucher', async () => {
    let reads = 0
    const view = { balance: 10n ** 9n, deposited: 10n ** 9n, claimed: 0n, thawEnd: 0, block: 7n }
    const read = async () => {
      reads++
      return view
    }
    kit = jobKit(countingModel({ stopAt: 3 }).model, { channels: { read } })
    const readsAfter: number[] = []
    for (let round = 0; round < 2; round++) {
      const client = kit.open()
      const quote = await client.quote()
      readsAfter.push(reads)
      const ordered = await client.order(quote)
      await client.expect('accept')
      readsAfter.push(reads)
      const { receipt } = await readAnswer(kit, client, ordered)
      await acknowledge(client, receipt!.receipt)
    }
    expect(readsAfter).toEqual([0, 1, 2, 2])
  })

  it('stops at the paid edge, makes no token more, and ends with voucherTimeout', async () => {
    const { model, state } = countingModel()
    kit = jobKit(model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { output, receipt, messages } = await readAnswer(kit, client, ordered, { pay: false })
    expect(output).toHaveLength(FIRST_EDGE)
    expect(state.decoded).toBe(FIRST_EDGE)
    const last = messages.findLast(message => message.type === 'chunk')
    expect(last!.body).toMatchObject({ checkpoint: { outputTokens: FIRST_EDGE } })
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.voucherTimeout, outputTokens: FIRST_EDGE })
    await acknowledge(client, receipt!.receipt)
  })

  it('goes on at once when the missing voucher comes', async () => {
    kit = jobKit(countingModel().model, { voucherTimeoutMs: 5_000 })
    const client = kit.open()
    const ordered = await client.order(await client.quote({ maxOutputTokens: 24 }))
    await client.expect('accept')
    for (let received = 0; received < FIRST_EDGE; ) received += (await client.expect('chunk')).tokens.length
    await client.send({
      type: 'voucher',
      body: await client.voucher(ordered.channel, mustSign(ordered.terms, FIRST_EDGE)),
    })
    const { output, receipt } = await readAnswer(kit, client, ordered)
    expect(output).toHaveLength(24 - FIRST_EDGE)
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
    const { output, receipt } = await readAnswer(kit, client, ordered)
    // The engine may have been a step ahead; what was not sent is thrown away.
    expect(state.decoded).toBeLessThanOrEqual(1 + 1 + 2 + 4)
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.cancelled, outputTokens: 1 + output.length })
    await acknowledge(client, receipt!.receipt)
    expect(state.sessions).toBe(0)
    expect(kit.components.scheduler.slotsFree()).toBe(2)
  })

  it('charges a client that vanishes only up to the last checkpoint', async () => {
    kit = jobKit()
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    for (let received = 0; received < FIRST_EDGE; ) received += (await client.expect('chunk')).tokens.length
    client.stream.abort(new Error('gone'))
    await client.served
    const account = kit.components.vouchers.account(ordered.channel)!
    expect(account.due).toBe(owed(ordered.terms, FIRST_EDGE))
    expect(kit.receipts.after(0n, 10)[0]!.item.receipt.outputTokens).toBe(FIRST_EDGE)
    expect(kit.components.busyChannels.size).toBe(0)
  })

  it('ends with an error receipt when the engine fails', async () => {
    const { model, state } = countingModel()
    state.failWith = new Error('broken')
    kit = jobKit(model)
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const { receipt } = await readAnswer(kit, client, ordered)
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
    const { output, receipt } = await readAnswer(kit, client, ordered)
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
      const { receipt } = await readAnswer(kit, client, ordered)
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
    for (let received = 0; received < FIRST_EDGE; ) received += (await client.expect('chunk')).tokens.length
    stopping.abort(new Error('stop'))
    const { receipt } = await readAnswer(kit, client, ordered)
    expect(receipt!.receipt).toMatchObject({ finish: FINISH.error, outputTokens: FIRST_EDGE })
    await acknowledge(client, receipt!.receipt)
  })
})
