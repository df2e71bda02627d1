import {
  type Address,
  AriaError,
  type Deployed,
  digest,
  FINISH,
  FLAG_PUBLIC,
  type Hex,
  type PublicReceipt,
  recoverStruct,
  requireSigner,
  samplingHash,
  ZERO_HASH,
} from '@aria/sdk/protocol'

/** What the index knows about the two sides of a receipt. */
export interface ReceiptSides {
  deployed: Deployed
  /** Whether `signer` was a node key of this provider at that time (Staking). */
  wasNodeKey(signer: Address, atSeconds: number): boolean
  /** The channel as it was opened on chain. */
  channel: { signer: Address; payee: Address; isPublic: boolean }
  /** Who this provider may be paid as. */
  payees: readonly Address[]
  engineMajor: number
  now: number
}

/** Clocks of honest machines differ by seconds. */
const CLOCK_SKEW_SECONDS = 60
const FINISH_MAX = FINISH.contextFull

/**
 * Checks one published receipt against the chain and against itself. Returns its hash and the key that signed it.
 * The price is not in it: cost is exact by the vouchers, here only its sign and order can be checked.
 * @throws AriaError `bad_receipt` or `bad_signature`: the provider's fault.
 */
export async function checkReceipt(
  published: PublicReceipt,
  sides: ReceiptSides,
): Promise<{ receiptHash: Hex; requestHash: Hex; node: Address }> {
  const { receipt, request } = published
  const { deployed } = sides
  const node = await recoverStruct('Receipt', receipt, published.receiptSignature, deployed)
  demand(sides.wasNodeKey(node, receipt.endedAt), 'signed by no node key of this provider', { node })
  await requireSigner('Request', request, published.requestSignature, deployed, sides.channel.signer)

  const requestHash = digest('Request', request, deployed)
  demand(receipt.requestHash === requestHash, 'answers another request', { requestHash })
  demand(sides.payees.includes(sides.channel.payee), 'was paid to somebody else', {
    payee: sides.channel.payee,
  })
  const isPublic = sides.channel.isPublic && (receipt.flags & FLAG_PUBLIC) !== 0
  demand(isPublic, 'belongs to a private channel', { flags: receipt.flags })
  checkAgreement(published, sides.engineMajor)
  checkOutput(published)
  checkTimes(published, sides.now)
  demand(receipt.cumulativeDue >= request.base, 'costs less than nothing', { base: request.base })
  return { receiptHash: digest('Receipt', receipt, deployed), requestHash, node }
}

/** The receipt says what was ordered. */
function checkAgreement({ receipt, request }: PublicReceipt, engineMajor: number): void {
  demand(receipt.promptCommit === request.promptCommit, 'commits to another prompt', {})
  demand(receipt.inputTokens === request.inputTokens, 'counts other input tokens', {
    receipt: receipt.inputTokens,
    request: request.inputTokens,
  })
  const { answeredTokens, inputTokens } = request
  demand(answeredTokens < inputTokens, 'continues an answer without a prompt', {
    answeredTokens,
    inputTokens,
  })
  demand(receipt.seed === request.seed, 'uses another seed', {})
  demand(receipt.samplingHash === samplingHash(engineMajor, request), 'uses other sampling', { engineMajor })
}

function checkOutput({ receipt, request }: PublicReceipt): void {
  const { outputTokens, finish } = receipt
  const { maxOutputTokens } = request
  demand(outputTokens <= maxOutputTokens, 'counts more output than was ordered', {
    outputTokens,
    maxOutputTokens,
  })
  demand(finish <= FINISH_MAX, 'ends for an unknown reason', { finish })
  const isFull = outputTokens === maxOutputTokens
  demand(finish !== FINISH.length || isFull, 'claims full length', { outputTokens, maxOutputTokens })
  const isEmpty = receipt.outputRoot === ZERO_HASH
  demand(isEmpty === (outputTokens === 0), 'commits to no output but counts some, or the reverse', {
    outputTokens,
  })
}

function checkTimes({ receipt }: PublicReceipt, now: number): void {
  const { startedAt, endedAt } = receipt
  demand(startedAt <= endedAt, 'ends before it starts', { startedAt, endedAt })
  demand(endedAt <= now + CLOCK_SKEW_SECONDS, 'ends in the future', { endedAt, now })
}

function demand(condition: boolean, problem: string, facts: Record<string, unknown>): asserts condition {
  if (!condition) throw new AriaError('bad_receipt', `The receipt ${problem}.`, { facts })
}
