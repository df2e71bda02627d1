import { afterEach, describe, expect, test } from 'vitest'
import { type InferEvent, InterruptedError, type WholeAnswer } from '../client/index.ts'
import { AriaError, encodeJobMessage, FINISH, type JobMessage, mustSign, owed } from '../protocol/index.ts'
import { collect, failureOf, type Market, type MarketInit, market, request } from './helpers/market.ts'
import { below, seeded } from './helpers/random.ts'
import type { Script, ScriptedProvider, TamperContext } from './helpers/scripted-provider.ts'

let running: Market | undefined

async function open(init?: MarketInit): Promise<Market> {
  running = await market(init)
  return running
}

afterEach(async () => {
  await running?.stop()
  running = undefined
})

const STOP = 0
const VOCAB = 200
/** Six checkpoints of a stranger's window, and a bit. */
const ANSWER = [...Array.from({ length: 51 }, (_, at) => at + 100), STOP]
const WANTED = { maxOutputTokens: 100, vocabSize: VOCAB, stopTokens: [STOP] }

type Chunk = Extract<JobMessage, { type: 'chunk' }>
type Break = (chunk: Chunk, context: TamperContext) => Promise<Chunk | Uint8Array>

/** Deviates in the chunk that holds token `at`. */
function breaking(at: number, change: Break): Script {
  const tamper: Script['tamper'] = async (message, context) => {
    if (message.type !== 'chunk' || message.body.start + message.body.tokens.length <= at) return message
    return (await change(message, context)) as typeof message
  }
  return { output: ANSWER, chunkTokens: 3, tamper }
}

const never = () => new Promise<never>(() => {})
const hangUp = (): never => {
  throw new Error('The provider dies.')
}
const wrongSignature = `0x${'11'.repeat(65)}` as const

/** Each way to break off at token `at`. */
const BREAKS: Record<string, (at: number) => Script> = {
  dies: at => breaking(at, hangUp),
  'goes silent': at => breaking(at, never),
  'sends no frame': at => breaking(at, async () => Uint8Array.of(6, 0xff, 0xff)),
  'sends a token that the model does not have': at =>
    breaking(at, async chunk => ({ ...chunk, body: { ...chunk.body, tokens: Uint32Array.of(VOCAB) } })),
  'leaves a gap': at =>
    breaking(at, async chunk => ({ ...chunk, body: { ...chunk.body, start: chunk.body.start + 1 } })),
  'signs its checkpoint wrongly': at =>
    breaking(at, async chunk => {
      const { checkpoint } = chunk.body
      if (checkpoint === null) return chunk
      return { ...chunk, body: { ...chunk.body, checkpoint: { ...checkpoint, signature: wrongSignature } } }
    }),
  'signs other tokens than it sends': at =>
    breaking(at, async chunk => {
      const { checkpoint, tokens } = chunk.body
      if (checkpoint === null) return chunk
      return { ...chunk, body: { ...chunk.body, tokens: tokens.map(token => token + 1) } }
    }),
  'never signs again': at =>
    breaking(at, async chunk => ({ ...chunk, body: { ...chunk.body, checkpoint: null } })),
  'goes on behind a stop token': at =>
    breaking(at, async chunk => ({
      ...chunk,
      body: { ...chunk.body, tokens: Uint32Array.from([STOP, ...chunk.body.tokens]), checkpoint: null },
    })),
  'stops early and says that it is done': at => ({ output: ANSWER.slice(0, at), chunkTokens: 3 }),
  'stops early and says that its context is full': at => ({
    ...{ output: ANSWER.slice(0, at), chunkTokens: 3, finish: FINISH.contextFull },
  }),
  'reports its own failure': at => ({ output: ANSWER.slice(0, at), chunkTokens: 3, finish: FINISH.error }),
  refuses: at =>
    breaking(at, async () =>
      encodeJobMessage({
        type: 'reject',
        body: { code: 'provider_failed', message: 'No.', retryAfterMs: 0 },
      }),
    ),
}

/** What the caller has in the end, following every event. */
function textOf(events: readonly InferEvent[]): number[] {
  const text: number[] = []
  for (const event of events) {
    if (event.type === 'rewound') text.length = event.outputTokens
    if (event.type !== 'tokens') continue
    expect(event.start).toBe(text.length)
    text.push(...event.tokens)
  }
  return text
}

function wholeOf(events: readonly InferEvent[]): WholeAnswer {
  const last = events.at(-1)
  if (last?.type === 'receipt' || last?.type === 'ended') return last.answer
  throw new Error(`The answer ended with ${last?.type}.`)
}

/** What a provider could redeem beyond what it signed for, in windows. */
function checkOverpayment({ pieces }: WholeAnswer, providers: readonly ScriptedProvider[]): void {
  for (const { order, outputTokens, delivery } of pieces) {
    const provider = providers.find(({ node }) => node === order.offer.node)!
    const claimable = provider.best.get(order.channel)!.total
    const proven = delivery?.receipt.outputTokens ?? outputTokens
    expect(claimable).toBeLessThanOrEqual(mustSign(order.terms, proven))
    const window = order.terms.pricePerOutputToken * BigInt(order.terms.windowTokens)
    expect(claimable - owed(order.terms, proven)).toBeLessThanOrEqual(window)
  }
}

describe.each(Object.entries(BREAKS))('a provider that %s', (_, breakAt) => {
  test.each([0, 1, 7, 8, 17, 33])('at token %i is continued by another, with the same answer', async at => {
    const { client, providers, store } = await open({
      ...{ scripts: [breakAt(at), { output: ANSWER, chunkTokens: 5 }], random: () => 0 },
    })

    const events = await collect(client.infer(request(WANTED)))

    expect(textOf(events)).toEqual(ANSWER)
    const whole = wholeOf(events)
    expect([...whole.output]).toEqual(ANSWER)
    checkOverpayment(whole, providers)
    const continued = events.filter(event => event.type === 'continued')
    const first = events.findIndex(({ type }) => type === 'tokens')
    const sawBefore = first < events.findIndex(({ type }) => type === 'continued')
    expect(continued.length).toBe(sawBefore ? 1 : 0)
    for (const event of continued) expect(event.from).toBe(providers[0]!.node)
    expect(store.providers.get(providers[0]!.node)!.avoidUntilMs).toBeGreaterThan(Date.now())
    expect(store.providers.get(providers[1]!.node)).toMatchObject({ served: 1, failed: 0 })
  })
})

test.each(['vocabulary', 'stops'] as const)(
  'a caller that does not name its %s gets the same answer',
  async missing => {
    const hidden = missing === 'stops' ? { stopTokens: [] as number[] } : {}
    const { stopTokens: _s, vocabSize: _v, ...bare } = WANTED
    const wanted = missing === 'stops' ? bare : { ...bare, stopTokens: [STOP], ...hidden }
    // The stop token arrives and is signed; only the receipt is missing.
    const dying: Script = {
      output: ANSWER,
      tamper: message => (message.type === 'receipt' ? hangUp() : message),
    }
    const { client } = await open({ scripts: [dying, { output: ANSWER }], random: () => 0 })

    const events = await collect(client.infer(request(wanted)))

    expect(textOf(events)).toEqual(ANSWER)
    expect([...wholeOf(events).output]).toEqual(ANSWER)
    expect(events.at(-1)!.type).toBe(missing === 'stops' ? 'receipt' : 'ended')
  },
)

test('a whole answer without its receipt ends as one, pays nobody else, and is pending', async () => {
  const output = ANSWER.slice(0, 32)
  const dying: Script = {
    output: ANSWER,
    tamper: message => (message.type === 'receipt' ? hangUp() : message),
  }
  const { client, providers, store } = await open({ scripts: [dying, { output: ANSWER }], random: () => 0 })

  const events = await collect(client.infer(request({ ...WANTED, maxOutputTokens: 32 })))

  const last = events.at(-1)
  if (last?.type !== 'ended') throw new Error('not ended')
  expect(last.finish).toBe('length')
  expect(textOf(events)).toEqual(output)
  expect(last.answer.pieces[0]!.checkpoint!.outputTokens).toBe(32)
  expect(providers[1]!.requests).toBe(0)
  expect(store.channels.all()[0]!.settled).toBe(false)
})

test('tokens that nobody signed and another provider does not make are taken back once, and are no bad luck', async () => {
  const lying: Script = {
    ...breaking(20, hangUp),
    output: ANSWER.map((token, at) => (at > 16 ? token + 1 : token)),
    chunkTokens: 3,
  }
  const { client, providers, store } = await open({ scripts: [lying, { output: ANSWER }], random: () => 0 })

  const events = await collect(client.infer(request(WANTED)))

  expect(textOf(events)).toEqual(ANSWER)
  expect(events.filter(({ type }) => type === 'rewound')).toEqual([{ type: 'rewound', outputTokens: 17 }])
  expect(store.providers.get(providers[0]!.node)!.strikes).toBe(1)
})

test('a continuation signs where the answer began, and pays the tokens so far as input', async () => {
  const { client } = await open({ scripts: [BREAKS['dies']!(17), { output: ANSWER }], random: () => 0 })

  const events = await collect(client.infer(request(WANTED)))

  const continued = events.find(event => event.type === 'continued')!
  const { order } = continued as Extract<InferEvent, { type: 'continued' }>
  expect(order.request).toMatchObject({
    inputTokens: 4 + 16,
    answeredTokens: 16,
    maxOutputTokens: 84,
    seed: 7n,
  })
  expect([...order.prompt]).toEqual([10, 11, 12, 13, ...ANSWER.slice(0, 16)])
})

test('an answer survives several providers in a row, each at a random token', async () => {
  const seed = 11
  const random = seeded(seed)
  const kinds = Object.values(BREAKS)
  const scripts = Array.from({ length: 5 }, () => kinds[below(random, kinds.length)]!(6 + below(random, 5)))
  const { client, providers } = await open({ scripts: [...scripts, { output: ANSWER }], random: () => 0 })

  const events = await collect(client.infer(request(WANTED)))

  expect(textOf(events), `seed ${seed}`).toEqual(ANSWER)
  checkOverpayment(wholeOf(events), providers)
})

test('without another provider the caller keeps what arrived, and its proof', async () => {
  const { client } = await open({ scripts: [BREAKS['dies']!(20)] })

  const error = await failureOf(client.infer(request(WANTED)))

  if (!(error instanceof InterruptedError)) throw error
  expect(error).toMatchObject({
    code: 'interrupted',
    facts: { because: 'provider_failed', outputTokens: 16 },
  })
  expect([...error.partial.output]).toEqual(ANSWER.slice(0, 16))
  expect(error.partial.pieces[0]!.checkpoint).toMatchObject({ outputTokens: 16 })
  expect(JSON.stringify(error.facts, (_, v) => (typeof v === 'bigint' ? `${v}` : v))).not.toContain('100,101')
})

test('an interrupted answer can be taken up again by the caller', async () => {
  const { client, providers, store } = await open({ scripts: [BREAKS['dies']!(20)] })
  const error = await failureOf(client.infer(request(WANTED)))
  if (!(error instanceof InterruptedError)) throw error
  const { output } = error.partial
  providers[0]!.script = { output: ANSWER }
  const record = store.providers.get(providers[0]!.node)!
  store.providers.put({ ...record, avoidUntilMs: 0 })

  const events = await collect(
    client.infer(request({ ...WANTED, tokensSoFar: output, maxOutputTokens: 100 - output.length })),
  )

  expect([...output, ...textOf(events)]).toEqual(ANSWER)
})

describe('a stream that is lost while its provider lives', () => {
  /** Ends the stream once, at the first chunk with token `at`; by force or in order. */
  const losing = (at: number, more: Script = {}): Script => {
    let isLost = false
    return {
      ...breaking(at, async chunk => {
        if (isLost) return chunk
        isLost = true
        return hangUp()
      }),
      resumes: true,
      ...more,
    }
  }

  test.each([1, 7, 8, 17, 33])('at token %i is resumed there, and pays nobody else', async at => {
    const { client, providers } = await open({ scripts: [losing(at), { output: ANSWER }], random: () => 0 })

    const events = await collect(client.infer(request(WANTED)))

    expect(textOf(events)).toEqual(ANSWER)
    expect(events.at(-1)!.type).toBe('receipt')
    const seen = Math.min(...events.flatMap(e => (e.type === 'resumed' ? [e.outputTokens] : [])))
    const isResumed = Number.isFinite(seen)
    expect(isResumed).toBe(at >= 3)
    if (!isResumed) return
    expect(providers[0]!.resumed).toBe(1)
    expect(providers[1]!.requests).toBe(0)
    const whole = wholeOf(events)
    expect(whole.pieces).toHaveLength(1)
    const [{ order, delivery }] = whole.pieces as [WholeAnswer['pieces'][0]]
    expect(delivery!.receipt.cumulativeDue).toBe(owed(order.terms, ANSWER.length))
    expect(providers[0]!.best.get(order.channel)!.total).toBeLessThanOrEqual(mustSign(order.terms, 52))
  })

  test('brings the receipt that was lost', async () => {
    let isLost = false
    const script: Script = {
      output: ANSWER,
      resumes: true,
      tamper: message => {
        if (message.type !== 'receipt' || isLost) return message
        isLost = true
        return hangUp()
      },
    }
    const { client } = await open({ scripts: [script] })

    const events = await collect(client.infer(request(WANTED)))

    expect(textOf(events)).toEqual(ANSWER)
    expect(events.at(-1)!.type).toBe('receipt')
  })

  test('again and again is left for another provider', async () => {
    const script: Script = { ...breaking(9, hangUp), resumes: true }
    const { client, providers } = await open({ scripts: [script, { output: ANSWER }], random: () => 0 })

    const events = await collect(client.infer(request(WANTED)))

    expect(textOf(events)).toEqual(ANSWER)
    expect(providers[0]!.resumed).toBe(3)
    expect(providers[1]!.requests).toBe(1)
  })

  test('and is answered for another order is left for another provider', async () => {
    const script = losing(9)
    const tamper: Script['tamper'] = async (message, context) => {
      const isResumed = message.type === 'accept' && running!.providers[0]!.resumed > 0
      if (isResumed) return { ...message, body: { ...message.body, requestHash: `0x${'00'.repeat(32)}` } }
      return await script.tamper!(message, context)
    }
    const { client, providers } = await open({
      ...{ scripts: [{ ...script, tamper }, { output: ANSWER }], random: () => 0 },
    })

    expect(textOf(await collect(client.infer(request(WANTED))))).toEqual(ANSWER)
    expect(providers[1]!.requests).toBe(1)
  })
})

test('going on elsewhere is bounded', async () => {
  const scripts = Array.from({ length: 12 }, () => BREAKS['dies']!(9))
  const output = Array.from({ length: 120 }, (_, at) => 1 + (at % 90))
  const { client, providers } = await open({
    ...{ scripts: scripts.map(script => ({ ...script, output })), random: () => 0 },
  })

  const error = await failureOf(client.infer(request({ ...WANTED, maxOutputTokens: 120 })))

  expect(error.code).toBe('interrupted')
  expect(providers.filter(({ requests }) => requests > 0).length).toBe(9)
})

test('offers of many dead providers do not hide the living one', async () => {
  const scripts = [BREAKS['dies']!(9), {}, {}, {}, {}, { output: ANSWER }]
  const { client, providers } = await open({ scripts, random: () => 0 })
  await Promise.all(providers.slice(1, 5).map(provider => provider.stop()))

  expect(textOf(await collect(client.infer(request(WANTED))))).toEqual(ANSWER)
})

test('a price limit holds over all providers together', async () => {
  const { client } = await open({ scripts: [BREAKS['dies']!(20), { output: ANSWER }], random: () => 0 })
  const first = 4n * 1_000n + 100n * 4_000n

  const error = await failureOf(client.infer(request({ ...WANTED, costMax: first })))

  expect(error).toMatchObject({ code: 'interrupted', facts: { because: 'price_too_high' } })
  await running!.stop()
  const again = await open({ scripts: [BREAKS['dies']!(20), { output: ANSWER }], random: () => 0 })
  expect(textOf(await collect(again.client.infer(request({ ...WANTED, costMax: 2n * first }))))).toEqual(
    ANSWER,
  )
})

test('a provider whose context would end the answer sooner does not continue it', async () => {
  const { client, providers } = await open({
    scripts: [BREAKS['dies']!(20), { output: ANSWER }],
    random: () => 0,
  })
  providers[1]!.offer.offer.contextMax = 103

  const error = await failureOf(client.infer(request(WANTED)))

  expect(error.code).toBe('interrupted')
  expect(error.cause).toBeInstanceOf(AriaError)
})
