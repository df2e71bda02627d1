import type { Choice, Delivery, InferEvent, InferRequest, Order, WholeAnswer } from '../../client/index.ts'
import type { Inference, Tokenizer } from '../../gateway/index.ts'
import type { KnownOffer } from '../../p2p/index.ts'
import { type AriaError, FINISH, type Hex } from '../../protocol/index.ts'
import { MODEL_ID } from './scripted-provider.ts'

/** One token per byte, 256 ends the answer: enough to see where text and characters are cut. */
export const byteTokenizer: Tokenizer = {
  vocabSize: 257,
  stopTokens: [256],
  encodeChatAsync: async messages =>
    Uint32Array.from(new TextEncoder().encode(messages.map(({ content }) => content).join('\n'))),
  decoder() {
    const decoder = new TextDecoder()
    return {
      push: tokens => decoder.decode(Uint8Array.from(tokens), { stream: true }),
      end: () => decoder.decode(),
    }
  },
}

export const encode = (text: string): number[] => [...new TextEncoder().encode(text)]

const hash = (digits: string): Hex => `0x${digits.repeat(32)}`
const address = (digits: string): Hex => `0x${digits.repeat(20)}`

export interface ScriptedInference extends Inference {
  requests: InferRequest[]
  /** Requests whose consumer cancelled. */
  cancelled: number
  /** Called before token `at`; may throw or wait. */
  before: (at: number, request: InferRequest) => void | Promise<void>
  output: number[]
  failWith: AriaError | undefined
  /** What the choice says of each constraint. */
  constraints: Choice['constraints']
}

const CHOICE: Choice = {
  ...{ node: address('0e'), operator: address('0f'), reason: 'the only good one', good: 1, candidates: 1 },
  ...{ excluded: [], constraints: [], explanation: [] },
}

/** The client's place taken by a script: emits `output` token by token, like a provider with window 1. */
export function scriptedInference(output: number[]): ScriptedInference {
  const scripted: ScriptedInference = {
    ...{ requests: [], cancelled: 0, before: () => {}, output, failWith: undefined, constraints: [] },
    offers: () => [
      { offer: { modelId: MODEL_ID, contextMax: 100, pricePerOutputToken: 4n } } as unknown as KnownOffer,
    ],
    receipt: () => undefined,
    status: async () =>
      ({ wallet: address('aa'), walletBalance: 5n }) as Awaited<ReturnType<Inference['status']>>,
    infer,
  }

  async function* infer(request: InferRequest): AsyncGenerator<InferEvent> {
    scripted.requests.push(request)
    if (scripted.failWith !== undefined) throw scripted.failWith
    const order = orderOf(request)
    yield { type: 'accepted', order, attempt: 1, choice: { ...CHOICE, constraints: scripted.constraints } }
    const made: number[] = []
    try {
      for (const token of scripted.output.slice(0, request.maxOutputTokens)) {
        if (request.signal?.aborted) break
        await scripted.before(made.length, request)
        yield { type: 'tokens', start: made.length, tokens: Uint32Array.of(token) }
        made.push(token)
      }
    } finally {
      if (request.signal?.aborted) scripted.cancelled++
    }
    const delivery = deliveryOf(order, made, request)
    const pieces = [{ order }] as unknown as WholeAnswer['pieces']
    const whole = { output: Uint32Array.from(made), pieces, cost: delivery.cost, pending: 0n }
    yield { type: 'receipt', delivery, answer: whole }
  }
  return scripted
}

function orderOf({ seed }: InferRequest): Order {
  const request = { requestId: hash('1d'), seed }
  return { offer: { node: address('0e'), offer: { operator: address('0f') } }, request } as unknown as Order
}

function deliveryOf(order: Order, made: number[], { maxOutputTokens, signal }: InferRequest): Delivery {
  const cut = made.length >= maxOutputTokens ? FINISH.length : FINISH.stop
  const finish = signal?.aborted ? FINISH.cancelled : cut
  const receipt = { finish, outputTokens: made.length }
  return { order, receipt, receiptHash: hash('cc'), cost: 12_345_678_901_234_567_890n } as unknown as Delivery
}
