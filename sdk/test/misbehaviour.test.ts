import { afterEach, describe, expect, test } from 'vitest'
import { type InferEvent, InterruptedError } from '../client/index.ts'
import {
  type AriaError,
  type ErrorCode,
  keySigner,
  mustSign,
  type Quote,
  type Receipt,
} from '../protocol/index.ts'
import { collect, type Market, market, outputOf, request } from './helpers/market.ts'
import { randomKey, type Script } from './helpers/scripted-provider.ts'

let running: Market | undefined

afterEach(async () => {
  await running?.stop()
  running = undefined
})

const VOCAB = 50
const OUTPUT = Array.from({ length: 40 }, (_, at) => at + 1)

const changeQuote = (change: (quote: Quote) => Quote): Script => ({
  tamper: async (message, { sign }) => {
    if (message.type !== 'quote') return message
    const quote = change(message.body.quote)
    return { ...message, body: { ...message.body, quote, signature: await sign('Quote', quote) } }
  },
})

const changeReceipt = (change: (receipt: Receipt) => Receipt): Script => ({
  tamper: async (message, { sign }) => {
    if (message.type !== 'receipt') return message
    const receipt = change(message.body.receipt)
    return { ...message, body: { receipt, signature: await sign('Receipt', receipt) } }
  },
})

const onChunk = (script: Script['tamper']): Script => ({
  tamper: (message, context) => (message.type === 'chunk' ? script!(message, context) : message),
})

const cases: [string, Script, ErrorCode][] = [
  ['sends no quote', { hangAfter: 'quote', tamper: () => undefined }, 'provider_timeout'],
  ['goes silent after its quote', { hangAfter: 'quote' }, 'provider_timeout'],
  ['goes silent after accepting', { hangAfter: 'accept' }, 'provider_timeout'],
  ['goes silent between tokens', { hangAfter: 'chunk' }, 'provider_timeout'],
  ['ends the stream instead of quoting', { closeAfter: 'quote', tamper: () => undefined }, 'provider_failed'],
  ['ends the stream after its quote', { closeAfter: 'quote' }, 'provider_failed'],
  ['ends the stream between tokens', { closeAfter: 'chunk' }, 'provider_failed'],
  ['sends bytes that are no frame', { tamper: () => Uint8Array.of(2, 0xff, 0xff) }, 'bad_frame'],
  ['sends an empty frame', { tamper: () => new Uint8Array(0) }, 'bad_frame'],
  ['sends a frame of unknown kind', { tamper: () => Uint8Array.of(99, 0x80) }, 'bad_frame'],
  ['signs its quote with a foreign key', { signer: keySigner(randomKey(77)) }, 'bad_signature'],
  ['quotes more than it offered', changeQuote(q => ({ ...q, pricePerOutputToken: 4_001n })), 'bad_quote'],
  [
    'quotes a dearer prompt than it offered',
    changeQuote(q => ({ ...q, pricePerInputToken: 1_001n })),
    'bad_quote',
  ],
  ['widens the credit window', changeQuote(q => ({ ...q, windowTokens: 17 })), 'bad_quote'],
  ['quotes a window of nothing', changeQuote(q => ({ ...q, windowTokens: 0 })), 'bad_quote'],
  ['asks the whole prompt in advance', changeQuote(q => ({ ...q, prefillSharePercent: 51 })), 'bad_quote'],
  ['quotes other counts', changeQuote(q => ({ ...q, inputTokens: 5 })), 'bad_quote'],
  ['quotes another model', changeQuote(q => ({ ...q, modelId: q.offerHash })), 'bad_quote'],
  ['quotes for another channel', changeQuote(q => ({ ...q, channelId: q.offerHash })), 'bad_quote'],
  ['repeats an old quote', changeQuote(q => ({ ...q, nonce: 1n })), 'bad_quote'],
  ['quotes what is over', changeQuote(q => ({ ...q, validUntil: 1 })), 'bad_quote'],
  ['claims an old debt without proof', { due: () => 1n }, 'bad_quote'],
  [
    'accepts another request',
    {
      tamper: message =>
        message.type === 'accept'
          ? { ...message, body: { ...message.body, requestHash: `0x${'00'.repeat(32)}` } }
          : message,
    },
    'bad_frame',
  ],
  [
    'leaves a gap between chunks',
    onChunk(message => {
      if (message.type !== 'chunk') return message
      return { ...message, body: { ...message.body, start: message.body.start + 1 } }
    }),
    'bad_frame',
  ],
  [
    'sends empty chunks to win time',
    onChunk(message => {
      if (message.type !== 'chunk') return message
      return { ...message, body: { ...message.body, tokens: new Uint32Array(0), checkpoint: null } }
    }),
    'bad_frame',
  ],
  [
    'runs on without checkpoints',
    onChunk(message => {
      if (message.type !== 'chunk') return message
      return { ...message, body: { ...message.body, checkpoint: null } }
    }),
    'provider_timeout',
  ],
  [
    'delivers other tokens than it commits to',
    onChunk(message => {
      if (message.type !== 'chunk') return message
      return { ...message, body: { ...message.body, tokens: message.body.tokens.map(token => token + 1) } }
    }),
    'bad_receipt',
  ],
  [
    'counts more tokens in a checkpoint than it sent',
    onChunk(async (message, { sign, requestHash }) => {
      if (message.type !== 'chunk' || message.body.checkpoint === null) return message
      const outputTokens = message.body.checkpoint.outputTokens + 1
      const { outputRoot } = message.body.checkpoint
      const signature = await sign('Checkpoint', { requestHash: requestHash!, outputTokens, outputRoot })
      return { ...message, body: { ...message.body, checkpoint: { outputTokens, outputRoot, signature } } }
    }),
    'bad_receipt',
  ],
  [
    'does not sign its checkpoint',
    onChunk(message => {
      if (message.type !== 'chunk' || message.body.checkpoint === null) return message
      const checkpoint = { ...message.body.checkpoint, signature: `0x${'11'.repeat(65)}` as const }
      return { ...message, body: { ...message.body, checkpoint } }
    }),
    'bad_signature',
  ],
  [
    'floods more tokens than were ordered',
    onChunk(message => {
      if (message.type !== 'chunk') return message
      return { ...message, body: { ...message.body, tokens: new Uint32Array(64) } }
    }),
    'bad_frame',
  ],
  [
    'overcharges by one wei',
    changeReceipt(r => ({ ...r, cumulativeDue: r.cumulativeDue + 1n })),
    'bad_receipt',
  ],
  [
    'undercharges by one wei',
    changeReceipt(r => ({ ...r, cumulativeDue: r.cumulativeDue - 1n })),
    'bad_receipt',
  ],
  [
    'counts a token too many',
    changeReceipt(r => ({ ...r, outputTokens: r.outputTokens + 1 })),
    'bad_receipt',
  ],
  ['counts a longer prompt', changeReceipt(r => ({ ...r, inputTokens: r.inputTokens + 1 })), 'bad_receipt'],
  ['commits to another output', changeReceipt(r => ({ ...r, outputRoot: r.modelId })), 'bad_receipt'],
  ['commits to another prompt', changeReceipt(r => ({ ...r, promptCommit: r.modelId })), 'bad_receipt'],
  ['names another model', changeReceipt(r => ({ ...r, modelId: r.outputRoot })), 'bad_receipt'],
  ['names another request', changeReceipt(r => ({ ...r, requestHash: r.outputRoot })), 'bad_receipt'],
  ['sampled otherwise', changeReceipt(r => ({ ...r, samplingHash: r.outputRoot })), 'bad_receipt'],
  ['used another seed', changeReceipt(r => ({ ...r, seed: r.seed + 1n })), 'bad_receipt'],
  ['invents a finish', changeReceipt(r => ({ ...r, finish: 9 })), 'bad_receipt'],
  [
    'says length before the limit',
    changeReceipt(r => ({ ...r, outputTokens: 31, finish: 1 })),
    'bad_receipt',
  ],
  ['flips the public flag', changeReceipt(r => ({ ...r, flags: r.flags ^ 1 })), 'bad_receipt'],
  ['ends before it starts', changeReceipt(r => ({ ...r, startedAt: r.endedAt + 1 })), 'bad_receipt'],
  ['dates its receipt tomorrow', changeReceipt(r => ({ ...r, endedAt: r.endedAt + 86_400 })), 'bad_receipt'],
  [
    'does not sign its receipt',
    {
      tamper: m =>
        m.type === 'receipt' ? { ...m, body: { ...m.body, signature: `0x${'11'.repeat(65)}` } } : m,
    },
    'bad_signature',
  ],
  ['reports its own failure', { output: OUTPUT.slice(0, 20), finish: 3 }, 'provider_failed'],
  [
    'sends a token that the model does not have',
    { output: [...OUTPUT.slice(0, 20), VOCAB] },
    'provider_failed',
  ],
]

describe('a provider that', () => {
  test.each(cases)('%s is refused, and gets at most one window', async (_, script, code) => {
    running = await market({ scripts: [{ output: OUTPUT, ...script }] })
    const { client, providers, store } = running

    const { events, error } = await untilFailure(client.infer(request({ vocabSize: VOCAB })))

    expect(causeOf(error).code).toBe(code)
    const accepted = events.find(event => event.type === 'accepted')
    const proven = events.findLast(event => event.type === 'checkpoint')?.outputTokens ?? 0
    const bound = accepted === undefined ? BOUND_BEFORE_ACCEPT : mustSign(accepted.order.terms, proven)
    for (const { total } of providers[0]!.best.values()) expect(total).toBeLessThanOrEqual(bound)
    for (const { signed } of store.channels.all()) expect(signed?.total ?? 0n).toBeLessThanOrEqual(bound)
    expect(store.providers.get(providers[0]!.node)!.avoidUntilMs).toBeGreaterThan(Date.now())
  })
})

test('an answer with a token that the model does not have never counts as served, and another provider answers', async () => {
  running = await market({ scripts: [{ output: [VOCAB] }, { output: [VOCAB - 1] }], random: () => 0 })
  const { client, providers, store } = running
  const wanted = request({ vocabSize: VOCAB, maxOutputTokens: 1 })
  const [liar, honest] = providers.map(({ node }) => node)

  const onlyLiar = await untilFailure(client.infer({ ...wanted, onlyNodes: [liar!] }))
  const events = await collect(client.infer(wanted))

  expect(onlyLiar.error.code).toBe('provider_failed')
  expect(onlyLiar.error.facts).toMatchObject({ token: VOCAB, index: 0, vocabSize: VOCAB })
  expect(onlyLiar.events.some(({ type }) => type === 'tokens' || type === 'receipt')).toBe(false)
  expect(outputOf(events)).toEqual([VOCAB - 1])
  expect(store.providers.get(liar!)).toMatchObject({ served: 0, failed: 1 })
  expect(store.providers.get(honest!)).toMatchObject({ served: 1, failed: 0 })
})

/** An answer that broke off says so, and names its reason. */
function causeOf(error: AriaError): AriaError {
  return error instanceof InterruptedError ? (error.cause as AriaError) : error
}

/** Half of the prompt's 4 tokens at 1000 wei, 16 tokens at 4000 wei. */
const BOUND_BEFORE_ACCEPT = 2_000n + 64_000n

async function untilFailure(
  stream: AsyncIterable<InferEvent>,
): Promise<{ events: InferEvent[]; error: AriaError }> {
  const events: InferEvent[] = []
  try {
    for await (const event of stream) events.push(event)
  } catch (thrown) {
    return { events, error: thrown as AriaError }
  }
  throw new Error('The request was expected to fail.')
}
