import {
  AriaError,
  type AuditItem,
  type Deployed,
  digest,
  FINISH,
  fromHex,
  outputRoot,
  PROMPT_TOKENS_MAX,
  promptCommit,
  type SumNode,
  sumFromProof,
  sumLeaf,
} from '@aria/sdk/protocol'

/** The tree that the provider committed on chain for the epoch. */
export interface CommittedRoot extends SumNode {
  count: number
}

/** @throws AriaError `bad_proof` unless the item's receipt lies under the root and covers its position. */
export function checkPlace(item: AuditItem, asked: bigint, root: CommittedRoot, deployed: Deployed): void {
  const { receipt } = item.item
  if (item.position !== asked)
    throw badProof(`Position ${asked} was answered with position ${item.position}.`)
  const leaf = sumLeaf(digest('Receipt', receipt, deployed), BigInt(receipt.outputTokens))
  const reached = sumFromProof(leaf, item.leafIndex, root.count, item.proof)
  if (reached === undefined || reached.root.hash !== root.hash || reached.root.sum !== root.sum) {
    throw badProof(`The proof for position ${asked} does not lead to the committed root.`)
  }
  const covers = reached.before <= asked && asked < reached.before + leaf.sum
  if (!covers) throw badProof(`The receipt shown for position ${asked} does not cover it.`)
}

/** @throws AriaError `bad_receipt` unless prompt and output are the ones that the receipt commits to. */
export function checkCommitments({ item: { receipt }, salt, prompt, output }: AuditItem): void {
  if (prompt.length !== receipt.inputTokens || output.length !== receipt.outputTokens) {
    throw badReceipt(
      `The transcript has ${prompt.length}+${output.length} tokens, the receipt ${receipt.inputTokens}+${receipt.outputTokens}.`,
    )
  }
  if (promptCommit(fromHex(salt, 32), prompt) !== receipt.promptCommit) {
    throw badReceipt('The prompt shown is not the one that was committed to.')
  }
  if (outputRoot(output) !== receipt.outputRoot) {
    throw badReceipt('The output shown is not the one that was signed.')
  }
}

export interface ModelLimits {
  stopTokens: readonly number[]
  contextLength: number
}

/**
 * An answer ends where its finish says: a stop token ends it and nothing follows; nothing else may end early.
 * @throws AriaError `bad_receipt`.
 */
export function checkFinish({ item: { receipt }, output }: AuditItem, limits: ModelLimits): void {
  const stops = new Set(limits.stopTokens)
  const firstStop = output.findIndex(token => stops.has(token))
  const last = output.length - 1
  if (firstStop >= 0 && firstStop < last) {
    throw badReceipt(`Tokens follow the stop token at output position ${firstStop}.`)
  }
  if (receipt.finish === FINISH.stop && firstStop < 0)
    throw badReceipt('It claims a stop token and has none.')
  const contextMax = Math.min(limits.contextLength, PROMPT_TOKENS_MAX)
  if (receipt.finish === FINISH.contextFull && receipt.inputTokens + output.length !== contextMax) {
    throw badReceipt(
      `It claims a full context of ${contextMax} with ${receipt.inputTokens + output.length} tokens.`,
    )
  }
}

function badProof(message: string): AriaError {
  return new AriaError('bad_proof', message)
}

function badReceipt(message: string): AriaError {
  return new AriaError('bad_receipt', message)
}
