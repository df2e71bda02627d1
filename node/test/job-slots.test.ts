import { loadModel, type Model } from '@aria/engine'
import { FINISH, type SignedReceipt } from '@aria/sdk/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { scheduler } from '../inference/scheduler.ts'
import { acknowledge, readAnswer } from './support/answer.ts'
import { MODEL_PATH } from './support/chain.ts'
import {
  CLIENT,
  countingModel,
  type JobKit,
  jobKit,
  PARTS,
  STRANGER,
  type TestClient,
} from './support/job-kit.ts'

let kit: JobKit
afterEach(() => kit.close())

/** An engine whose steps never end by themselves: only closing the session ends them, as the real one does. */
function stuckModel() {
  const state = { open: 0 }
  const createSession = () => {
    state.open++
    const closing = Promise.withResolvers<never>()
    closing.promise.catch(() => {})
    return {
      prefill: async () => {},
      decode: () => closing.promise,
      close: async () => {
        state.open--
        closing.reject(new Error('The session was closed.'))
      },
    }
  }
  const { model } = countingModel()
  return { model: { ...model, createSession } as unknown as Model, state }
}

describe('a slot and its cache pages', () => {
  const endings: [how: string, end: (client: TestClient) => unknown][] = [
    ['cancels', client => client.send({ type: 'cancel', body: { reason: 'test' } })],
    ['leaves', client => client.stream.abort(new Error('gone'))],
    ['breaks the rules', client => client.stream.write(Uint8Array.of(99))],
  ]
  it.each(endings)('are free at once when the client %s in the middle of a step', async (_how, end) => {
    const { model, state } = stuckModel()
    const places = scheduler({ slots: 1, queue: 1, pages: 2 })
    kit = jobKit(model, { scheduler: places })
    const client = kit.open()
    await client.order(await client.quote())
    await client.expect('accept')
    expect(places.slotsFree()).toBe(0)
    const next = places.enter({ client: 'next', pages: 2 })

    await end(client)
    await next.ready(AbortSignal.timeout(5_000))

    expect(state.open).toBe(0)
    client.stream.abort(new Error('done'))
    await client.served
  })

  it('are free when no voucher came in time', async () => {
    const places = scheduler({ slots: 1, queue: 1 })
    const { model, state } = countingModel()
    kit = jobKit(model, { scheduler: places })
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    const next = places.enter({ client: 'next' })
    const { receipt } = await readAnswer(kit, client, ordered, { pay: false })
    expect(receipt!.receipt.finish).toBe(FINISH.voucherTimeout)
    await next.ready(AbortSignal.timeout(5_000))
    expect(state.sessions).toBe(0)
    await acknowledge(client, receipt!.receipt)
  })

  it('are not taken by a request whose cache is full: it waits, and starts when pages are free', async () => {
    const places = scheduler({ slots: 4, queue: 4, pages: 3 })
    kit = jobKit(countingModel({ stopAt: 2 }).model, { scheduler: places })
    const other = places.enter({ client: 'other', pages: 2 })
    const client = kit.open()
    const ordered = await client.order(await client.quote())
    await client.expect('accept')
    await new Promise(resolve => setImmediate(resolve))
    expect(kit.components.metrics.read().aria_tokens_generated_total).toBe(0)
    other.release()
    const { output, receipt } = await readAnswer(kit, client, ordered)
    expect(output).toHaveLength(2)
    await acknowledge(client, receipt!.receipt)
  })
})

describe('requests', () => {
  it('of eight clients are in the engine at once: none waits for another to end', async () => {
    const everybody = Promise.withResolvers<void>()
    let inside = 0
    const beforeDecode = () => {
      if (++inside === 8) everybody.resolve()
      return everybody.promise
    }
    kit = jobKit(countingModel({ stopAt: 5, beforeDecode }).model, {
      scheduler: scheduler({ slots: 8, queue: 0 }),
    })
    const answers = Array.from({ length: 8 }, async (_, at) => {
      const client = kit.open()
      const channel = { ...PARTS, salt: 100n + BigInt(at) }
      const ordered = await client.order(await client.quote({ channel }))
      await client.expect('accept')
      const { output, receipt } = await readAnswer(kit, client, ordered)
      await acknowledge(client, receipt!.receipt)
      return output.length
    })
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, () => 5))
  })

  const prompt = Uint32Array.from({ length: 130 }, (_, at) => 40 + (at % 50))

  async function ask(client: TestClient, change: Parameters<TestClient['quote']>[0], signer = CLIENT) {
    const asked = { inputTokens: prompt.length, maxOutputTokens: 8, ...change }
    const ordered = await client.order(await client.quote(asked), {
      ...{ prompt, signer, requestSigner: signer },
      total: 10_000n,
    })
    await client.expect('accept')
    const { receipt } = await readAnswer(kit, client, ordered)
    await acknowledge(client, receipt!.receipt)
    return receipt as SignedReceipt
  }

  it('share computed prompts within one client, never with another that names the same payer', async () => {
    const engine = await loadModel(MODEL_PATH, { threads: 1 })
    try {
      kit = jobKit(engine)
      const shared = () => engine.stats().positionsShared
      await ask(kit.open(), {})
      expect(shared()).toBe(0)
      const foreign = { ...PARTS, signer: STRANGER.address }
      await ask(kit.open(), { channel: foreign }, STRANGER)
      expect(shared()).toBe(0)
      await ask(kit.open(), { channel: { ...PARTS, payer: STRANGER.address } })
      expect(shared()).toBe(0)
      await ask(kit.open(), {})
      expect(shared()).toBeGreaterThanOrEqual(128)
    } finally {
      await engine.close()
    }
  })
})
