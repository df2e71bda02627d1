import { AriaError, mustSign, owed } from '../protocol/index.ts'
import { larger, smaller } from './amounts.ts'
import type { Delivery, InferRequest, Order } from './job/job.ts'
import type { Output, SignedCheckpoint } from './job/output.ts'
import { joinTokens } from './job/place-order.ts'

/** One provider's part of an answer, and what it costs. */
export interface Piece {
  order: Order
  /** Tokens of it that are part of the answer. */
  outputTokens: number
  /** The provider's signature over them; undefined when it brought none, or when the receipt covers them. */
  checkpoint: SignedCheckpoint | undefined
  /** Undefined when the provider never sent a valid receipt. */
  delivery: Delivery | undefined
  /** Wei for what is signed. */
  owed: bigint
  /** Wei signed beyond that, at most one window: pending until the channel's next request shows what was claimed. */
  ahead: bigint
}

/** An answer over all the providers that it took. */
export interface WholeAnswer {
  output: Uint32Array
  pieces: readonly Piece[]
  /** Wei owed to all of them. */
  cost: bigint
  /** Wei that broken providers may claim beyond that. */
  pending: bigint
}

/** What one order brought, however it ended. */
export interface Progress {
  output: Output
  order: Order | undefined
  delivery: Delivery | undefined
  /** The largest total that was ever signed on the order's channel. */
  signed: bigint
}

export type AnswerEvent =
  | { type: 'tokens'; start: number; tokens: Uint32Array }
  /** Tokens from `outputTokens` on are void: nobody signed for them, and another provider made other ones. */
  | { type: 'rewound'; outputTokens: number }

/** Joins what several providers make into one answer, in which no token comes twice. */
export interface Answer {
  /** What the next order has to ask for. */
  next(): InferRequest
  /** Passes on what the caller has not seen; `start` counts from the beginning of the order's own output. */
  show(order: Order, start: number, tokens: Uint32Array): void
  /** Keeps what a provider signed for and drops the rest; returns how many tokens that were. */
  keep(progress: Progress): number
  /** True once the caller has seen a token. */
  hasBegun(): boolean
  /** All tokens are there and signed for; at most a receipt is missing. */
  isComplete(): boolean
  /** Ends in a stop token, and so not at the limit. */
  isStopped(): boolean
  whole(): WholeAnswer
}

export function beginAnswer(request: InferRequest, emit: (event: AnswerEvent) => void): Answer {
  const { stopTokens, tokensSoFar } = request
  const pieces: Piece[] = []
  /** Signed for by some provider. */
  const kept: number[] = []
  /** Seen by the caller. */
  const shown: number[] = []
  let limit = request.maxOutputTokens
  let isLimited = false

  /** Where the first provider's context would have ended the answer, every other one ends it too. */
  function fixLimit({ offer, terms }: Order): void {
    if (isLimited) return
    isLimited = true
    limit = Math.min(limit, offer.offer.contextMax - terms.inputTokens)
  }

  const isStopped = () => kept.length > 0 && (stopTokens ?? []).includes(kept.at(-1)!)

  return {
    isStopped,
    hasBegun: () => shown.length > 0,
    isComplete: () => kept.length >= limit || isStopped(),
    next() {
      if (shown.length === 0) return request
      const soFar = joinTokens(tokensSoFar ?? new Uint32Array(0), Uint32Array.from(kept))
      const contextMin = request.promptTokens.length + (tokensSoFar?.length ?? 0) + limit
      return { ...request, tokensSoFar: soFar, maxOutputTokens: limit - kept.length, contextMin }
    },
    show(order, start, tokens) {
      fixLimit(order)
      const from = kept.length + start
      const differs = tokens.findIndex((token, at) => from + at < shown.length && shown[from + at] !== token)
      if (differs >= 0) {
        shown.length = from + differs
        emit({ type: 'rewound', outputTokens: shown.length })
      }
      const fresh = tokens.subarray(shown.length - from)
      if (fresh.length === 0) return
      emit({ type: 'tokens', start: shown.length, tokens: fresh })
      shown.push(...fresh)
    },
    keep(progress) {
      if (progress.order === undefined) return 0
      const piece = pieceOf(progress, progress.order, stopTokens !== undefined)
      pieces.push(piece)
      kept.push(...progress.output.tokens.slice(0, piece.outputTokens))
      return piece.outputTokens
    },
    whole: () => ({
      output: Uint32Array.from(kept),
      pieces: [...pieces],
      cost: pieces.reduce((sum, piece) => sum + piece.owed, 0n),
      pending: pieces.reduce((sum, piece) => sum + piece.ahead, 0n),
    }),
  }
}

function pieceOf({ output, delivery, signed }: Progress, order: Order, knowsStops: boolean): Piece {
  const { terms } = order
  if (delivery !== undefined) {
    const { cost } = delivery
    return { order, outputTokens: output.proven, checkpoint: undefined, delivery, owed: cost, ahead: 0n }
  }
  // The last signed token may be one that ends the answer; whoever goes on after it would go wrong.
  const outputTokens = knowsStops ? output.proven : Math.max(0, output.proven - 1)
  const due = owed(terms, output.proven)
  const promised = smaller(signed, mustSign(terms, output.proven))
  return {
    ...{ order, outputTokens, checkpoint: output.checkpoint, delivery },
    owed: due - terms.base,
    ahead: larger(promised - due, 0n),
  }
}

/** An answer broke off and nobody could go on with it; what arrived, and its proof, is in `partial`. */
export class InterruptedError extends AriaError {
  readonly partial: WholeAnswer

  constructor(partial: WholeAnswer, cause: AriaError, attempts: readonly object[]) {
    const { output, cost, pending } = partial
    super('interrupted', `The answer broke off after ${output.length} signed tokens: ${cause.message}`, {
      facts: { ...cause.facts, because: cause.code, outputTokens: output.length, cost, pending, attempts },
      hint: 'Ask again with `tokensSoFar` set to the tokens received, once another provider is there.',
      cause,
    })
    this.name = 'InterruptedError'
    this.partial = partial
  }
}
