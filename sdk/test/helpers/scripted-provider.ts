import type { Stream } from '@libp2p/interface'
import { createHost, type FramedStream, framed, type Host, type KnownOffer } from '../../p2p/index.ts'
import {
  type AcceptReply,
  type Address,
  type ChunkMessage,
  channelId,
  checkpointEvery,
  decodeJobMessage,
  digest,
  encodeJobMessage,
  FINISH,
  FLAG_PUBLIC,
  type Hex,
  isPrivateSalt,
  JOB_PROTOCOL,
  type JobMessage,
  type JobRequest,
  keySigner,
  mayProduce,
  type Offer,
  OutputCommitment,
  owed,
  PREFILL_SHARE_PERCENT,
  type Quote,
  type QuoteReply,
  type QuoteRequest,
  type Receipt,
  type ResumeRequest,
  type SignedReceipt,
  type SignedVoucher,
  type Signer,
  samplingHash,
  signStruct,
  type Terms,
  toHex,
  WINDOW_TOKENS,
} from '../../protocol/index.ts'
import { DEPLOYED } from './deployment.ts'

/** Where a script may deviate from the protocol; everything else is done honestly. */
export interface Script {
  /** The honest answer; a request that continues it gets the rest, and longer than the request allows is cut. */
  output?: readonly number[]
  /** Tokens in a chunk; only those at a checkpoint's place are signed then. Default: one signed chunk per checkpoint. */
  chunkTokens?: number
  finish?: Receipt['finish']
  /** Called before each message is sent; returning undefined drops it. */
  tamper?: <M extends JobMessage>(
    message: M,
    context: TamperContext,
  ) => M | Uint8Array | undefined | Promise<M | Uint8Array | undefined>
  /** Sign with another key than the peer's. */
  signer?: Signer
  /** Close the stream right after this message type was sent. */
  closeAfter?: JobMessage['type']
  /** Do nothing more after this message type was sent. */
  hangAfter?: JobMessage['type']
  /** Waits between chunks. */
  pauseMs?: number
  due?: (channel: Hex) => bigint
  /** Goes on with orders of lost streams; without it they are forgotten. */
  resumes?: boolean
}

export interface TamperContext {
  sign<N extends 'Quote' | 'Receipt' | 'Checkpoint'>(
    name: N,
    value: Parameters<typeof signStruct<N>>[1],
  ): Promise<Hex>
  terms: Terms | undefined
  requestHash: Hex | undefined
}

export interface ScriptedProvider {
  host: Host
  node: Address
  operator: Address
  offer: KnownOffer
  /** Best voucher per channel: what the provider could redeem. */
  best: Map<Hex, SignedVoucher>
  due: Map<Hex, bigint>
  requests: number
  cancels: number
  acks: number
  /** Streams that were resumed. */
  resumed: number
  orders: Map<Hex, { asked: QuoteRequest; order: JobRequest; terms: Terms; channel: Hex }>
  script: Script
  stop(): Promise<void>
}

export const MODEL_ID: Hex = `0x${'ab'.repeat(32)}`
export const PRICES = { pricePerInputToken: 1_000n, pricePerOutputToken: 4_000n }

export async function scriptedProvider(
  key: Hex,
  script: Script = {},
  terms: Partial<Offer> = {},
): Promise<ScriptedProvider> {
  const host = await createHost({ privateKey: key, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const signer = keySigner(key)
  const operator = keySigner(`0x${key.slice(4)}01`).address
  const offer: Offer = {
    ...{ operator, payee: operator, modelId: MODEL_ID, engineMajor: 1, ...PRICES },
    ...{ contextMax: 1024, slotsFree: 2, sequence: 1n, validUntil: Math.trunc(Date.now() / 1000) + 600 },
    ...{ depositMin: 0n, region: '', energySource: 0, energyPerToken: 0 },
    multiaddrs: host.getMultiaddrs().map(String).slice(0, 2),
    ...terms,
  }
  const signature = await signStruct('Offer', offer, DEPLOYED, signer)
  const known = { offer, signature, node: signer.address, peer: host.peerId, receivedAtMs: Date.now() }
  const provider: ScriptedProvider = {
    ...{ host, node: signer.address, operator, offer: known, best: new Map(), due: new Map() },
    ...{ requests: 0, cancels: 0, acks: 0, resumed: 0, orders: new Map(), script },
    stop: async () => {
      await host.stop()
    },
  }
  await host.handle(JOB_PROTOCOL, stream => serve(provider, signer, stream))
  return provider
}

class Halt extends Error {}

async function serve(provider: ScriptedProvider, nodeSigner: Signer, raw: Stream): Promise<void> {
  const stream = framed(raw)
  const session = new Session(provider, provider.script.signer ?? nodeSigner, stream)
  try {
    await session.run()
  } catch (thrown) {
    if (!(thrown instanceof Halt)) raw.abort(thrown as Error)
  }
}

class Session {
  provider: ScriptedProvider
  signer: Signer
  stream: FramedStream
  terms: Terms | undefined
  requestHash: Hex | undefined
  channel: Hex = '0x'
  inbox: JobMessage[] = []
  wake: (() => void) | undefined
  ended = false

  constructor(provider: ScriptedProvider, signer: Signer, stream: FramedStream) {
    this.provider = provider
    this.signer = signer
    this.stream = stream
  }

  async run(): Promise<void> {
    void this.readAll()
    const first = await this.first()
    if (first.type === 'resume') return await this.resume(first.body)
    const { body: asked } = first
    const reply = await this.quote(asked)
    await this.send({ type: 'quote', body: reply })
    const { body: order } = await this.expect('request')
    this.provider.requests++
    await this.answer(asked, reply.quote, order)
  }

  async first() {
    await this.until(() => this.inbox.length > 0)
    const [message] = this.inbox
    const type = message!.type === 'resume' ? 'resume' : 'quoteRequest'
    return await this.expect(type)
  }

  async resume({ resume, voucher }: ResumeRequest): Promise<void> {
    const known = this.provider.orders.get(resume.requestHash)
    if (known === undefined || this.provider.script.resumes !== true) {
      const body = { code: 'not_found', message: 'Forgotten.', retryAfterMs: 0 }
      return await this.send({ type: 'reject', body })
    }
    this.provider.resumed++
    this.terms = known.terms
    this.channel = known.channel
    this.requestHash = resume.requestHash
    this.keepBest(voucher)
    await this.send({ type: 'accept', body: this.accepted() })
    await this.finish(known.asked, known.order, resume.outputTokens)
  }

  accepted(): AcceptReply {
    return { requestHash: this.requestHash!, block: 1n, balance: 0n, claimed: 0n, thawEnd: 0 }
  }

  async quote(asked: QuoteRequest): Promise<QuoteReply> {
    const { offer } = this.provider.offer
    this.channel = channelId(asked.channel, offer.payee)
    const quote: Quote = {
      offerHash: digest('Offer', offer, DEPLOYED),
      ...{ channelId: this.channel, modelId: asked.modelId },
      ...{ pricePerInputToken: offer.pricePerInputToken, pricePerOutputToken: offer.pricePerOutputToken },
      ...{ inputTokens: asked.inputTokens, maxOutputTokens: asked.maxOutputTokens, nonce: asked.nonce },
      windowTokens: Math.min(asked.windowTokensMax, WINDOW_TOKENS),
      prefillSharePercent: PREFILL_SHARE_PERCENT,
      validUntil: Math.trunc(Date.now() / 1000) + 30,
    }
    const { due, best } = this.provider
    const owes = this.provider.script.due?.(this.channel) ?? due.get(this.channel) ?? 0n
    const signature = await signStruct('Quote', quote, DEPLOYED, this.signer)
    return { quote, signature, due: owes, best: best.get(this.channel) ?? null }
  }

  async answer(asked: QuoteRequest, quote: Quote, order: JobRequest): Promise<void> {
    const { request } = order
    const { pricePerInputToken, pricePerOutputToken, windowTokens, prefillSharePercent } = quote
    const prices = { pricePerInputToken, pricePerOutputToken, windowTokens, prefillSharePercent }
    const counts = { inputTokens: request.inputTokens, maxOutputTokens: request.maxOutputTokens }
    this.terms = { ...prices, ...counts, base: request.base }
    this.requestHash = digest('Request', request, DEPLOYED)
    this.provider.best.set(this.channel, order.voucher)
    this.provider.orders.set(this.requestHash, { asked, order, terms: this.terms, channel: this.channel })
    await this.send({ type: 'accept', body: this.accepted() })
    await this.finish(asked, order, 0)
  }

  async finish(asked: QuoteRequest, order: JobRequest, from: number): Promise<void> {
    const produced = await this.produce(this.terms!, order.request.answeredTokens, from)
    const receipt = await this.receipt(asked, order, produced)
    await this.send({ type: 'receipt', body: receipt })
    await this.expect('ack').then(
      () => this.provider.acks++,
      () => {},
    )
    await this.stream.close()
  }

  async produce(
    terms: Terms,
    answered: number,
    from: number,
  ): Promise<{ root: Hex; count: number; cancelled: boolean }> {
    const { output: all = [1, 2, 3, 4, 5], chunkTokens = Number.POSITIVE_INFINITY } = this.provider.script
    const output = all.slice(answered, answered + terms.maxOutputTokens)
    const commitment = new OutputCommitment()
    commitment.append(Uint32Array.from(output.slice(0, from)))
    const step = checkpointEvery(terms.windowTokens)
    for (let at = from; at < output.length; ) {
      if (this.inbox.some(({ type }) => type === 'cancel')) return this.stopped(commitment)
      const edge = mayProduce(terms, this.provider.best.get(this.channel)!.total)
      if (at >= edge) {
        const { body } = await this.expect('voucher')
        this.provider.best.set(this.channel, body)
        continue
      }
      const until = Math.min(edge, at + Math.min(chunkTokens, step - (at % step)))
      const tokens = Uint32Array.from(output.slice(at, until))
      commitment.append(tokens)
      const isSigned = chunkTokens > step || commitment.count % step === 0 || commitment.count === edge
      const body = isSigned
        ? await this.chunk(at, tokens, commitment)
        : { start: at, tokens, checkpoint: null }
      await this.send({ type: 'chunk', body })
      at += tokens.length
      await new Promise(resolve => setTimeout(resolve, this.provider.script.pauseMs ?? 0))
    }
    return { root: commitment.root(), count: commitment.count, cancelled: false }
  }

  stopped(commitment: OutputCommitment) {
    this.provider.cancels++
    return { root: commitment.root(), count: commitment.count, cancelled: true }
  }

  async chunk(start: number, tokens: Uint32Array, commitment: OutputCommitment): Promise<ChunkMessage> {
    const outputTokens = commitment.count
    const outputRoot = commitment.root()
    const value = { requestHash: this.requestHash!, outputTokens, outputRoot }
    const signature = await signStruct('Checkpoint', value, DEPLOYED, this.signer)
    return { start, tokens, checkpoint: { outputTokens, outputRoot, signature } }
  }

  async receipt(
    asked: QuoteRequest,
    { request }: JobRequest,
    { root, count, cancelled }: { root: Hex; count: number; cancelled: boolean },
  ): Promise<SignedReceipt> {
    const { engineMajor } = this.provider.offer.offer
    const finish = count >= request.maxOutputTokens ? FINISH.length : FINISH.stop
    const now = Math.trunc(Date.now() / 1000)
    const receipt: Receipt = {
      ...{ requestHash: this.requestHash!, modelId: asked.modelId, promptCommit: request.promptCommit },
      ...{ outputRoot: root, samplingHash: samplingHash(engineMajor, request), seed: request.seed },
      ...{ inputTokens: request.inputTokens, outputTokens: count, cumulativeDue: owed(this.terms!, count) },
      finish: this.provider.script.finish ?? (cancelled ? FINISH.cancelled : finish),
      flags: isPrivateSalt(asked.channel.salt) ? 0 : FLAG_PUBLIC,
      ...{ startedAt: now, endedAt: now },
    }
    this.provider.due.set(this.channel, receipt.cumulativeDue)
    return { receipt, signature: await signStruct('Receipt', receipt, DEPLOYED, this.signer) }
  }

  async send(message: JobMessage): Promise<void> {
    const { script } = this.provider
    const context: TamperContext = {
      sign: (name, value) => signStruct(name, value, DEPLOYED, this.signer),
      ...{ terms: this.terms, requestHash: this.requestHash },
    }
    const sent = script.tamper === undefined ? message : await script.tamper(message, context)
    if (sent !== undefined)
      await this.stream.write(sent instanceof Uint8Array ? sent : encodeJobMessage(sent))
    if (script.closeAfter === message.type) {
      await this.stream.close()
      throw new Halt()
    }
    if (script.hangAfter === message.type) await new Promise(() => {})
  }

  async readAll(): Promise<void> {
    try {
      for (let frame = await this.stream.read(); frame !== undefined; frame = await this.stream.read()) {
        const message = decodeJobMessage(frame)
        if (message.type === 'voucher') this.keepBest(message.body)
        if (message.type === 'ack' && message.body.voucher !== null) this.keepBest(message.body.voucher)
        this.inbox.push(message)
        this.wake?.()
      }
    } catch {
      // The client ended the stream.
    }
    this.ended = true
    this.wake?.()
  }

  keepBest(voucher: SignedVoucher): void {
    const before = this.provider.best.get(this.channel)
    if (before === undefined || voucher.total > before.total) this.provider.best.set(this.channel, voucher)
  }

  async until(isReached: () => boolean): Promise<void> {
    while (!isReached() && !this.ended) {
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
    if (!isReached()) throw new Error('The client left.')
  }

  async expect<T extends JobMessage['type']>(type: T): Promise<Extract<JobMessage, { type: T }>> {
    for (;;) {
      const at = this.inbox.findIndex(message => message.type === type)
      if (at >= 0) return this.inbox.splice(at, 1)[0] as Extract<JobMessage, { type: T }>
      if (this.ended) throw new Error(`The client left before its ${type}.`)
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
  }
}

export const randomKey = (seed: number): Hex =>
  toHex(Uint8Array.from({ length: 32 }, (_, at) => (seed * 31 + at * 7 + 1) & 0xff))
