import { type Deployed, FINISH, mustSign, owed } from '@aria/sdk/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { scheduler } from '../inference/scheduler.ts'
import { PARKED_PER_CLIENT_MAX, RESUME_MS, RESUMES_MAX } from '../p2p/job/limits.ts'
import { type ResumableJob, resumables } from '../p2p/job/resumables.ts'
import { acknowledge, readAnswer } from './support/answer.ts'
import {
  countingModel,
  DEPLOYED,
  type JobKit,
  jobKit,
  type Ordered,
  type ResumeChange,
  STRANGER,
  type TestClient,
} from './support/job-kit.ts'

/** What the counting model answers to the kit's prompt. */
const ANSWER = Array.from({ length: 100 }, (_, at) => 10 + ((at + 1) % 80))
/** The first voucher pays half of the prompt and 16 tokens: with the other half, 14. */
const EDGE = 14

describe('a lost stream', () => {
  let kit: JobKit
  afterEach(() => kit.close())

  const hold = { resumables: resumables({ holdMs: 5_000 }), voucherTimeoutMs: 5_000 } as const
  const holdFor = (holdMs: number) => ({ ...hold, resumables: resumables({ holdMs }) }) as never

  /** An order whose stream is lost at the first paid edge, with nothing paid beyond it. */
  async function lostAtEdge(received = EDGE) {
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const output: number[] = []
    while (output.length < received) output.push(...(await client.expect('chunk')).tokens)
    client.stream.abort(new Error('lost'))
    await vi.waitFor(() => expect(kit.components.scheduler.slotsFree()).toBe(2))
    return { client, ordered, output }
  }

  it('is resumed at the token that the client has, and the answer is whole', async () => {
    kit = jobKit(countingModel({ stopAt: 70 }).model, holdFor(5_000))
    const { client, ordered, output } = await lostAtEdge()
    const again = kit.open()
    await again.resume(ordered, output.length)
    await again.expect('accept')
    await again.send({
      type: 'voucher',
      body: await again.voucher(ordered.channel, mustSign(ordered.terms, EDGE)),
    })
    const rest = await readAnswer(kit, again, ordered)
    expect([...output, ...rest.output]).toEqual([...ANSWER.slice(0, 69), 2])
    expect(rest.receipt!.receipt).toMatchObject({ finish: FINISH.stop, outputTokens: 70 })
    expect(rest.receipt!.receipt.cumulativeDue).toBe(owed(ordered.terms, 70))
    await acknowledge(again, rest.receipt!.receipt)
    await client.served
    expect(kit.components.metrics.read().aria_streams_resumed_total).toBe(1)
    expect(kit.components.busyChannels.size).toBe(0)
    expect(kit.components.scheduler.slotsFree()).toBe(2)
  })

  it('replays what got lost, with the signatures that the client needs to pay', async () => {
    kit = jobKit(countingModel().model, holdFor(5_000))
    const { ordered, output } = await lostAtEdge(1)
    expect(output.length).toBeLessThan(8)
    const again = kit.open()
    await again.resume(ordered, output.length)
    await again.expect('accept')
    const signed: number[] = []
    while (output.length < EDGE) {
      const { start, tokens, checkpoint } = await again.expect('chunk')
      expect(start).toBe(output.length)
      output.push(...tokens)
      if (checkpoint !== null) signed.push(checkpoint.outputTokens)
    }
    expect(signed).toEqual([8, EDGE])
    expect(output).toEqual(ANSWER.slice(0, EDGE))
    await again.send({ type: 'cancel', body: { reason: 'enough' } })
    await again.stream.close()
  })

  it('makes no token beyond the paid edge while the client is away, and holds no slot', async () => {
    const { model, state } = countingModel()
    kit = jobKit(model, holdFor(5_000))
    await lostAtEdge(1)
    expect(state.decoded).toBe(EDGE)
    expect(state.sessions).toBe(0)
    expect(kit.components.scheduler.slotsFree()).toBe(2)
  })

  it('takes the voucher that was lost with the stream', async () => {
    kit = jobKit(countingModel({ stopAt: 30 }).model, holdFor(5_000))
    const { ordered, output } = await lostAtEdge()
    const again = kit.open()
    await again.resume(ordered, output.length, { total: mustSign(ordered.terms, EDGE) })
    await again.expect('accept')
    const rest = await readAnswer(kit, again, ordered)
    expect([...output, ...rest.output]).toHaveLength(30)
    await acknowledge(again, rest.receipt!.receipt)
  })

  it('brings the receipt when the answer ended meanwhile', async () => {
    kit = jobKit(countingModel({ stopAt: 12 }).model, holdFor(5_000))
    const { ordered, output } = await lostAtEdge(1)
    const again = kit.open()
    await again.resume(ordered, output.length)
    await again.expect('accept')
    const rest = await readAnswer(kit, again, ordered)
    expect([...output, ...rest.output]).toHaveLength(12)
    expect(rest.receipt!.receipt.finish).toBe(FINISH.stop)
    await acknowledge(again, rest.receipt!.receipt)
  })

  it('ends at the paid edge with voucherTimeout when nobody comes back in time', async () => {
    kit = jobKit(countingModel().model, holdFor(30))
    const { client, ordered } = await lostAtEdge()
    await client.served
    expect(kit.receipts.after(0n, 10)[0]!.item.receipt).toMatchObject({
      ...{ finish: FINISH.voucherTimeout, outputTokens: EDGE },
    })
    expect(kit.components.vouchers.account(ordered.channel)!.due).toBe(owed(ordered.terms, EDGE))
    const late = kit.open()
    await late.resume(ordered, EDGE)
    expect((await late.expect('reject')).code).toBe('not_found')
  })

  const otherChain: Deployed = { ...DEPLOYED, chainId: 1 }
  const cases: [why: string, code: string, outputTokens: number, change: ResumeChange, peer?: string][] = [
    ["another peer's request", 'not_found', EDGE, {}, 'somebody else'],
    ['an unknown request', 'not_found', EDGE, { requestHash: `0x${'00'.repeat(32)}` }],
    ['a wrong signer', 'bad_signature', EDGE, { signer: STRANGER }],
    ['a signature for another chain', 'bad_signature', EDGE, { deployed: otherChain }],
    ['a voucher of a stranger', 'bad_signature', EDGE, { voucherSigner: STRANGER }],
    ['a token that was not made yet', 'bad_request', EDGE + 1, {}],
  ]
  it.each(cases)('is not resumed with %s: %s', async (_why, code, outputTokens, change, peer) => {
    kit = jobKit(countingModel({ stopAt: 30 }).model, holdFor(5_000))
    const { ordered } = await lostAtEdge()
    const wrong = kit.open(peer)
    await wrong.resume(ordered, outputTokens, change)
    expect((await wrong.expect('reject')).code).toBe(code)
    await wrong.stream.close()
    await wrong.served
    // Nothing is lost by it: whoever may can still come back.
    const right = kit.open()
    await right.resume(ordered, 0, { total: mustSign(ordered.terms, EDGE) })
    await right.expect('accept')
    const { output, receipt } = await readAnswer(kit, right, ordered)
    expect(output).toHaveLength(30)
    await acknowledge(right, receipt!.receipt)
  })

  it('is resumed a limited number of times', async () => {
    kit = jobKit(countingModel().model, holdFor(5_000))
    const { ordered } = await lostAtEdge()
    for (let round = 1; round <= RESUMES_MAX + 1; round++) {
      const again = kit.open()
      await again.resume(ordered, EDGE)
      const answer = await again.next()
      expect(answer?.type).toBe(round <= RESUMES_MAX ? 'accept' : 'reject')
      again.stream.abort(new Error('lost again'))
      await again.served
    }
  })

  it('waits on when all slots are taken, and says when to ask again', async () => {
    kit = jobKit(countingModel({ stopAt: 30 }).model, {
      ...(holdFor(5_000) as object),
      scheduler: scheduler({ slots: 2, queue: 0 }),
    })
    const { ordered } = await lostAtEdge()
    const places = [1, 2].map(() => kit.components.scheduler.enter({ client: 'other' }))
    const busy = kit.open()
    await busy.resume(ordered, EDGE)
    const { code, retryAfterMs } = await busy.expect('reject')
    expect(code).toBe('busy')
    expect(retryAfterMs).toBeGreaterThan(0)
    for (const place of places) place.release()
    const again = kit.open()
    await again.resume(ordered, EDGE, { total: mustSign(ordered.terms, EDGE) })
    await again.expect('accept')
    const { receipt } = await readAnswer(kit, again, ordered)
    await acknowledge(again, receipt!.receipt)
  })

  it('is taken over by a second stream while the node still believes in the first', async () => {
    kit = jobKit(countingModel({ stopAt: 30 }).model, holdFor(5_000))
    const first = kit.open()
    const ordered = await first.order(await first.quote())
    await first.expect('accept')
    for (let received = 0; received < EDGE; ) received += (await first.expect('chunk')).tokens.length
    const second = kit.open()
    await second.resume(ordered, 3, { total: mustSign(ordered.terms, EDGE) })
    await second.expect('accept')
    const { output, receipt } = await readAnswer(kit, second, ordered)
    expect(output).toEqual([...ANSWER.slice(3, 29), 2])
    await acknowledge(second, receipt!.receipt)
    expect(first.stream.abortedBy()).toBeDefined()
  })

  it('is given up when its client asks for something new on the channel', async () => {
    kit = jobKit(countingModel({ stopAt: 20 }).model, holdFor(60_000))
    const { ordered } = await lostAtEdge()
    const next = kit.open()
    const quote = await next.quote()
    expect(quote.due).toBe(owed(ordered.terms, EDGE))
    const anew = await next.order(quote)
    await next.expect('accept')
    await acknowledge(next, (await readAnswer(kit, next, anew)).receipt!.receipt)
    expect(kit.receipts.after(0n, 10)[0]!.item.receipt.finish).toBe(FINISH.voucherTimeout)
  })

  it('does not keep a stopping node waiting', async () => {
    const stopping = new AbortController()
    kit = jobKit(countingModel().model, { ...(holdFor(60_000) as object), stopping: stopping.signal })
    const { client } = await lostAtEdge()
    stopping.abort(new Error('stop'))
    await client.served
    expect(kit.receipts.after(0n, 10)[0]!.item.receipt.finish).toBe(FINISH.error)
  })

  it('is not waited for before its first token', async () => {
    const gate = Promise.withResolvers<void>()
    kit = jobKit(countingModel({ beforeDecode: () => gate.promise }).model, holdFor(60_000))
    const client: TestClient = kit.open()
    const ordered: Ordered = await client.order(await client.quote())
    await client.expect('accept')
    client.stream.abort(new Error('lost'))
    await new Promise(resolve => setTimeout(resolve, 20))
    gate.resolve()
    await client.served
    expect(kit.components.vouchers.account(ordered.channel)!.due).toBe(owed(ordered.terms, 0))
  })
})

describe('jobs that wait for their clients', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const job = (name: string, client = name, tokens = 100) => {
    const state = { gaveUp: 0 }
    const waiting: ResumableJob = {
      ...{ requestHash: `0x${name}`, channel: `0x${name}`, peer: client, client, tokens: () => tokens },
      giveUp: () => void state.gaveUp++,
      released: Promise.resolve(),
    }
    return { waiting, state }
  }

  it('are given up after 120 s, not a moment sooner', () => {
    const ring = resumables()
    const { waiting, state } = job('a')
    ring.add(waiting)
    ring.park(waiting)
    vi.advanceTimersByTime(RESUME_MS - 1)
    expect(state.gaveUp).toBe(0)
    vi.advanceTimersByTime(1)
    expect(state.gaveUp).toBe(1)
    expect(ring.parked()).toBe(0)
  })

  it('wait no longer once resumed, and anew once lost again', () => {
    const ring = resumables()
    const { waiting, state } = job('a')
    ring.park(waiting)
    vi.advanceTimersByTime(RESUME_MS - 1)
    ring.unpark(waiting)
    vi.advanceTimersByTime(RESUME_MS)
    ring.park(waiting)
    vi.advanceTimersByTime(RESUME_MS - 1)
    expect(state.gaveUp).toBe(0)
  })

  it('of one client are limited; its oldest goes, not a stranger’s', () => {
    const ring = resumables()
    const stranger = job('other')
    ring.park(stranger.waiting)
    const own = Array.from({ length: PARKED_PER_CLIENT_MAX + 1 }, (_, at) => job(`${at}`, 'one'))
    for (const { waiting } of own.slice(0, -1)) ring.park(waiting)
    expect(own.map(({ state }) => state.gaveUp)).toEqual(Array(PARKED_PER_CLIENT_MAX + 1).fill(0))
    ring.park(own.at(-1)!.waiting)
    expect(own.map(({ state }) => state.gaveUp)).toEqual([1, ...Array(PARKED_PER_CLIENT_MAX).fill(0)])
    expect(stranger.state.gaveUp).toBe(0)
  })

  it.each([
    ['number', { parkedMax: 2 }],
    ['memory', { tokensMax: 200 }],
  ])('together are limited in %s; the longest waiting goes', (_, limit) => {
    const ring = resumables(limit)
    const jobs = ['a', 'b', 'c'].map(name => job(name))
    ring.park(jobs[0]!.waiting)
    ring.park(jobs[1]!.waiting)
    expect(jobs.map(({ state }) => state.gaveUp)).toEqual([0, 0, 0])
    ring.park(jobs[2]!.waiting)
    expect(jobs.map(({ state }) => state.gaveUp)).toEqual([1, 0, 0])
    expect(ring.parked()).toBe(2)
  })
})
