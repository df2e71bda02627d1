import { EngineError } from '@aria/engine'
import {
  AriaError,
  type AuditItem,
  type Deployed,
  type Deployment,
  digest,
  epochAt,
  type Hex,
} from '@aria/sdk/protocol'
import type { SidesOf } from '../network/chain-sides.ts'
import { checkReceipt } from '../network/check-receipt.ts'
import { type CommittedRoot, checkCommitments, checkFinish, checkPlace } from './check-transcript.ts'
import type { AuditModel } from './model.ts'

/** What one auditor found about one sampled receipt. */
export interface Finding {
  receiptHash: Hex
  passed: boolean
  /** In words: which position, both tokens. */
  reason: string | null
  /** Output tokens and the whole seconds that they took, as the provider signed. */
  tokens: number
  seconds: number
}

export interface ItemContext {
  deployed: Deployed
  deployment: Pick<Deployment, 'genesis' | 'params'>
  epoch: number
  root: CommittedRoot & { model: Hex }
  model: AuditModel
  /** The two sides of the receipt as the chain knows them; undefined when its channel is not on chain. */
  sidesOf: SidesOf
  signal: AbortSignal
}

/**
 * Judges one served transcript: place in the tree, signatures, commitments, ending, and at last the re-execution.
 * A receipt in `known` was judged for an earlier sample: only its place is new.
 * @throws AriaError `unknown_model` when this auditor does not have the model: no verdict is possible then.
 */
export async function checkItem(
  item: AuditItem,
  asked: bigint,
  context: ItemContext,
  known: ReadonlyMap<Hex, Finding>,
): Promise<Finding> {
  const { receipt } = item.item
  const receiptHash = digest('Receipt', receipt, context.deployed)
  const speed = { tokens: receipt.outputTokens, seconds: Math.max(0, receipt.endedAt - receipt.startedAt) }
  try {
    checkPlace(item, asked, context.root, context.deployed)
    const before = known.get(receiptHash)
    if (before !== undefined) return before
    await checkSides(item, context)
    checkModel(item, context)
    checkCommitments(item)
    const { engine } = context.model
    const { contextLength } = engine.info
    checkFinish(item, { stopTokens: engine.tokenizer.stopTokens, contextLength })
    const reason = await reexecute(item, context)
    return { receiptHash, passed: reason === null, reason, ...speed }
  } catch (thrown) {
    const isFault = thrown instanceof AriaError && FAULTS.has(thrown.code)
    if (!isFault) throw thrown
    return { receiptHash, passed: false, reason: thrown.message, ...speed }
  }
}

/** The provider's fault, and so a verdict; anything else is ours or nobody's, and none. */
const FAULTS = new Set(['bad_proof', 'bad_receipt', 'bad_signature'])

async function checkSides(item: AuditItem, context: ItemContext): Promise<void> {
  const sides = context.sidesOf(item.item)
  if (sides === undefined) {
    throw new AriaError('bad_receipt', `Its channel ${item.item.request.channelId} is not on chain.`)
  }
  await checkReceipt(item.item, sides)
  // A receipt belongs to the epoch in which it ended, or to the next when that one was sealed already.
  const ended = epochAt(item.item.receipt.endedAt, context.deployment)
  if (ended !== context.epoch && ended !== context.epoch - 1) {
    throw new AriaError('bad_receipt', `It ended in epoch ${ended}, outside of this root's.`)
  }
}

function checkModel({ item: { receipt } }: AuditItem, { model: { id }, root }: ItemContext): void {
  // The root says which model its work is rewarded for.
  if (receipt.modelId !== root.model) {
    throw new AriaError('bad_receipt', `It is of model ${receipt.modelId}, its root of ${root.model}.`)
  }
  if (receipt.modelId === id) return
  throw new AriaError('unknown_model', `This auditor has no model ${receipt.modelId}.`, {
    facts: { receipt: receipt.modelId, own: id },
    hint: 'Point ARIA_MODEL at a model that the audited providers serve.',
  })
}

/** Null when every output token is what the model answers; else where it first is not. */
async function reexecute(item: AuditItem, { model, signal }: ItemContext): Promise<string | null> {
  const { request, receipt } = item.item
  const { temperature, topK, topP } = request
  const transcript = {
    prompt: item.prompt,
    output: item.output,
    sampling: { temperature, topK, topP },
    seed: receipt.seed,
  }
  try {
    const verdict = await model.engine.verify(transcript, { signal })
    if (verdict.match) return null
    return `Output token ${verdict.position} is ${verdict.actual}, the model answers ${verdict.expected}.`
  } catch (thrown) {
    // Tokens, sampling or lengths that the engine refuses cannot have come from it.
    const refused = thrown instanceof EngineError && REFUSALS.has(thrown.code)
    if (refused) return `The engine refuses the transcript: ${thrown.message}`
    throw thrown
  }
}

const REFUSALS = new Set<string>(['bad_token', 'bad_sampling', 'context_full', 'bad_options'])
