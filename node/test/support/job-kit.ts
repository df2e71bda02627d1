import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model } from '@aria/engine'
import {
  type Address,
  channelId,
  type Deployed,
  type Deployment,
  decodeJobMessage,
  digest,
  encodeJobMessage,
  fromHex,
  type Hex,
  type JobMessage,
  type JobMessageOf,
  type JobRequest,
  keySigner,
  mustSign,
  promptCommit,
  type QuoteReply,
  type QuoteRequest,
  type Request,
  requestId,
  type Signer,
  signStruct,
  type Terms,
  ZERO_HASH,
} from '@aria/sdk/protocol'
import type { ChannelView } from '../../chain/channels.ts'
import { scheduler } from '../../inference/scheduler.ts'
import { silentLog } from '../../observe/log.ts'
import { createMetrics } from '../../observe/metrics.ts'
import type { JobComponents } from '../../p2p/job/context.ts'
import { resumables } from '../../p2p/job/resumables.ts'
import { serveJob } from '../../p2p/job/serve.ts'
import { penalties } from '../../p2p/penalties.ts'
import { type Database, openDatabase } from '../../payments/database.ts'
import { receiptStore } from '../../payments/receipts.ts'
import { voucherStore } from '../../payments/vouchers.ts'
import { streamPair, type TestStream } from './stream-pair.ts'

const address = (byte: string): Address => `0x${byte.repeat(20)}`
export const DEPLOYED: Deployed = { chainId: 31337, escrow: address('e1'), audits: address('a1') }
export const DEPLOYMENT = {
  chainId: DEPLOYED.chainId,
  contracts: { escrow: DEPLOYED.escrow },
  genesis: 1_000,
} as unknown as Deployment
export const NODE = keySigner(`0x${'11'.repeat(32)}`)
export const CLIENT = keySigner(`0x${'22'.repeat(32)}`)
export const STRANGER = keySigner(`0x${'33'.repeat(32)}`)
export const PAYEE = address('77')
export const MODEL_ID: Hex = `0x${'44'.repeat(32)}`
export const STOP_TOKEN = 2
export const VOCAB = 100
export const CONTEXT = 512
export const PRICE_IN = 3n
export const PRICE_OUT = 10n
export const DEPOSIT_MIN = 10n ** 6n

/** A model whose answer is known: 10, 11, 12 … with a stop token where the test wants one. */
export function countingModel({
  stopAt,
  beforeDecode,
}: {
  stopAt?: number
  beforeDecode?: () => Promise<void>
} = {}) {
  const state = { decoded: 0, sessions: 0, failWith: undefined as Error | undefined }
  const createSession = () => {
    state.sessions++
    let made = 0
    return {
      position: 0,
      prefill: async (tokens: Uint32Array, options: { signal?: AbortSignal } = {}) => {
        // What the node made before is prompt when it goes on after a pause.
        made = Math.max(0, tokens.length - PROMPT.length)
        options.signal?.throwIfAborted()
        if (state.failWith) throw state.failWith
      },
      decode: async (count: number) => {
        await beforeDecode?.()
        const tokens: number[] = []
        while (tokens.length < count && tokens.at(-1) !== STOP_TOKEN) {
          made++
          tokens.push(made === stopAt ? STOP_TOKEN : 10 + (made % 80))
        }
        state.decoded += tokens.length
        return Uint32Array.from(tokens)
      },
      logits: async () => new Float32Array(),
      close: async () => {
        state.sessions--
      },
    }
  }
  const model = {
    info: { vocabSize: VOCAB, contextLength: CONTEXT },
    tokenizer: { stopTokens: [STOP_TOKEN] },
    createSession,
  } as unknown as Model
  return { model, state }
}

export interface JobKit {
  components: JobComponents
  database: Database
  receipts: ReturnType<typeof receiptStore>
  view: ChannelView
  /** Opens a stream; the node serves its far end. */
  open(peer?: string): TestClient
  close(): void
}

export interface KitInit extends Partial<JobComponents> {
  model?: never
}

export function jobKit(engine = countingModel().model, overrides: Partial<JobComponents> = {}): JobKit {
  const dir = mkdtempSync(join(tmpdir(), 'aria-job-'))
  const database = openDatabase(dir, DEPLOYMENT)
  const view: ChannelView = { balance: 10n ** 9n, deposited: 10n ** 9n, claimed: 0n, thawEnd: 0, block: 7n }
  const components: JobComponents = {
    deployed: DEPLOYED,
    signer: NODE,
    payee: PAYEE,
    model: { id: MODEL_ID, engineMajor: 1, contextMax: CONTEXT, engine },
    prices: { perInputToken: PRICE_IN, perOutputToken: PRICE_OUT, depositMin: DEPOSIT_MIN },
    offerHash: () => ZERO_HASH,
    epochOf: seconds => Math.floor(seconds / 72),
    scheduler: scheduler({ slots: 2, queue: 2 }),
    vouchers: voucherStore(database),
    channels: { read: async () => ({ ...view }) },
    clock: { nowSeconds: () => Math.floor(Date.now() / 1000) },
    quoteRate: { take: () => {} },
    penalties: penalties(),
    busyChannels: new Set(),
    resumables: resumables({ holdMs: 50 }),
    log: silentLog,
    metrics: createMetrics(),
    stopping: new AbortController().signal,
    voucherTimeoutMs: 200,
    ...overrides,
  }
  return {
    components,
    database,
    receipts: receiptStore(database),
    view,
    open: peer => testClient(components, peer),
    close: () => {
      database.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

export interface Ordered {
  terms: Terms
  requestHash: Hex
  job: JobRequest
  channel: Hex
}

/** A client that follows the protocol exactly, except where a test changes a step. */
export interface TestClient {
  stream: TestStream
  /** Resolves when the node is done with the stream. */
  served: Promise<void>
  send(message: JobMessage): Promise<void>
  next(): Promise<JobMessage | undefined>
  expect<T extends JobMessage['type']>(type: T): Promise<JobMessageOf<T>['body']>
  quote(change?: Partial<QuoteRequest>): Promise<QuoteReply>
  order(quote: QuoteReply, change?: OrderChange): Promise<Ordered>
  /** Goes on with an order of a lost stream, from `outputTokens` on. */
  resume(ordered: Ordered, outputTokens: number, change?: ResumeChange): Promise<void>
  voucher(channel: Hex, total: bigint, signer?: Signer): Promise<{ total: bigint; signature: Hex }>
}

export interface ResumeChange {
  signer?: Signer
  deployed?: Deployed
  requestHash?: Hex
  /** Total of the voucher that is shown again; the first one's unless given. */
  total?: bigint
  voucherSigner?: Signer
}

export interface OrderChange {
  request?: Partial<Request>
  job?: Partial<JobRequest>
  total?: bigint
  signer?: Signer
  requestSigner?: Signer
  deployed?: Deployed
  prompt?: Uint32Array
}

export const PARTS = { payer: CLIENT.address, signer: CLIENT.address, salt: 5n }
export const PROMPT = Uint32Array.from([5, 6, 7, 8, 9, 10, 11, 12])
/**
 * Tokens that the first voucher pays for: it covers half of the prompt (12 of 24 wei) and a window of 16 tokens of 10 wei;
 * with the first token all of the prompt is due, and what is left covers 14.
 */
export const FIRST_EDGE = 14
let nonce = 0n

function testClient(components: JobComponents, peer = 'peer'): TestClient {
  const { near, far } = streamPair()
  const served = serveJob(far, peer, components)

  const next = async () => {
    const frame = await near.read()
    return frame && decodeJobMessage(frame)
  }
  const client: TestClient = {
    stream: near,
    served,
    next,
    send: message => near.write(encodeJobMessage(message)),
    expect: async type => {
      const message = await next()
      if (message?.type === type) return message.body as never
      throw new Error(
        `Expected ${type}, got ${JSON.stringify(message, (_k, v) => (typeof v === 'bigint' ? `${v}` : v))}`,
      )
    },
    quote: async change => {
      const asked: QuoteRequest = {
        ...{ modelId: MODEL_ID, channel: PARTS, inputTokens: PROMPT.length, maxOutputTokens: 100 },
        ...{ windowTokensMax: 16, nonce: ++nonce },
        ...change,
      }
      await client.send({ type: 'quoteRequest', body: asked })
      return client.expect('quote')
    },
    order: async ({ quote, due }, change = {}) => {
      const { request: changed, signer = CLIENT, requestSigner = CLIENT, prompt = PROMPT } = change
      const deployed = change.deployed ?? DEPLOYED
      const salt: Hex = `0x${'99'.repeat(32)}`
      const request: Request = {
        quoteHash: digest('Quote', quote, DEPLOYED),
        channelId: quote.channelId,
        requestId: requestId(quote.channelId, quote.nonce),
        promptCommit: promptCommit(fromHex(salt, 32), prompt),
        inputTokens: quote.inputTokens,
        answeredTokens: 0,
        maxOutputTokens: quote.maxOutputTokens,
        ...{ temperature: 0, topK: 0, topP: 10_000, seed: 1n, base: due },
        deadline: Math.floor(Date.now() / 1000) + 600,
        ...changed,
      }
      const terms: Terms = { ...quote, base: request.base }
      const total = change.total ?? mustSign(terms, 0)
      const value = { channelId: quote.channelId, maxClaimableAmount: total }
      const voucher = { total, signature: await signStruct('Voucher', value, deployed, signer) }
      const signature = await signStruct('Request', request, deployed, requestSigner)
      const job = { request, signature, salt, prompt, voucher, ...change.job }
      await client.send({ type: 'request', body: job })
      return { terms, requestHash: digest('Request', request, DEPLOYED), job, channel: quote.channelId }
    },
    resume: async ({ requestHash, channel, job }, outputTokens, change = {}) => {
      const resume = { requestHash: change.requestHash ?? requestHash, outputTokens }
      const deployed = change.deployed ?? DEPLOYED
      const signature = await signStruct('Resume', resume, deployed, change.signer ?? CLIENT)
      const total = change.total ?? job.voucher.total
      const voucher = await client.voucher(channel, total, change.voucherSigner)
      await client.send({ type: 'resume', body: { resume, signature, voucher } })
    },
    voucher: async (channel, total, signer = CLIENT) => {
      const value = { channelId: channel, maxClaimableAmount: total }
      return { total, signature: await signStruct('Voucher', value, DEPLOYED, signer) }
    },
  }
  return client
}

export function channelOf(payee = PAYEE): Hex {
  return channelId(PARTS, payee)
}
