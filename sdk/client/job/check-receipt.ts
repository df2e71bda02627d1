import {
  AriaError,
  FINISH,
  FLAG_PUBLIC,
  type Hex,
  isPrivateSalt,
  owed,
  type Receipt,
  samplingHash,
} from '../../protocol/index.ts'
import type { Order } from './job.ts'

/** Provider and client clocks may differ by this much. */
const CLOCK_SKEW_SECONDS = 120

export interface Delivered {
  outputTokens: number
  /** The last token that arrived, and the ones that end an answer when the caller named them. */
  last: number | undefined
  stopTokens: readonly number[] | undefined
  outputRoot: Hex
  salt: bigint
  nowMs: number
}

/** Compares a receipt, whose signature was checked, with the order and what arrived. @throws AriaError `bad_receipt`. */
export function checkReceipt(receipt: Receipt, order: Order, delivered: Delivered): void {
  const { request, quote, offer, terms } = order
  const { temperature, topK, topP } = request
  const expected: Partial<Receipt> = {
    requestHash: order.requestHash,
    modelId: quote.modelId,
    promptCommit: request.promptCommit,
    outputRoot: delivered.outputRoot,
    samplingHash: samplingHash(offer.offer.engineMajor, { temperature, topK, topP }),
    seed: request.seed,
    inputTokens: request.inputTokens,
    outputTokens: delivered.outputTokens,
    cumulativeDue: owed(terms, delivered.outputTokens),
    flags: isPrivateSalt(delivered.salt) ? 0 : FLAG_PUBLIC,
  }
  for (const [field, value] of Object.entries(expected)) {
    const got = receipt[field as keyof Receipt]
    if (got !== value) refuse(`The receipt has ${field} ${got}, expected is ${value}.`, { field, got, value })
  }
  checkFinish(receipt, order, delivered)
  checkTimes(receipt, delivered.nowMs)
}

/** An answer that stops early without saying so would pass for a whole one. */
function checkFinish(
  { finish, outputTokens }: Receipt,
  { terms: { maxOutputTokens, inputTokens }, offer }: Order,
  { last, stopTokens }: Delivered,
): void {
  if (!Object.values(FINISH).some(known => known === finish))
    refuse(`The receipt has finish ${finish}.`, { finish })
  if (finish === FINISH.length && outputTokens !== maxOutputTokens) {
    refuse(`The receipt says that ${maxOutputTokens} tokens were made, ${outputTokens} arrived.`, {
      outputTokens,
    })
  }
  const isStopped = last !== undefined && (stopTokens === undefined || stopTokens.includes(last))
  if (finish === FINISH.stop && !isStopped) {
    refuse('The receipt stops without a stop token.', { finish, outputTokens })
  }
  const { contextMax } = offer.offer
  if (finish === FINISH.contextFull && inputTokens + outputTokens < contextMax) {
    refuse(`The receipt says that ${contextMax} tokens are full with ${inputTokens + outputTokens}.`, {
      outputTokens,
      contextMax,
    })
  }
}

function checkTimes({ startedAt, endedAt }: Receipt, nowMs: number): void {
  const latest = nowMs / 1000 + CLOCK_SKEW_SECONDS
  if (startedAt > endedAt || endedAt > latest) {
    refuse(`The receipt is dated ${startedAt} to ${endedAt}, now is ${Math.trunc(nowMs / 1000)}.`, {
      startedAt,
      endedAt,
    })
  }
}

function refuse(message: string, facts: Record<string, unknown>): never {
  throw new AriaError('bad_receipt', message, { facts })
}
