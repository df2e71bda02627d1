import { fromHex, type Hex, sameAddress } from './bytes.ts'
import { channelId, isPrivateSalt, requestId } from './channel.ts'
import { outputRoot, promptCommit, samplingHash } from './commitments.ts'
import { owed } from './meter.ts'
import type { ReceiptBundle } from './receipt-bundle.ts'
import { type Deployed, digest, recoverStruct, type SignedName, type SignedValue } from './typed-data.ts'
import { FLAG_PUBLIC } from './wire/messages.ts'

/** One thing a receipt promises: what was found against what must be. */
export interface BundleCheck {
  name: string
  value: string
  goal: string
  ok: boolean
}

type Comparable = bigint | number | string

function equal(name: string, value: Comparable, goal: Comparable): BundleCheck {
  return { name, value: String(value), goal: String(goal), ok: value === goal }
}

function below(name: string, value: number, limit: number): BundleCheck {
  return { name, value: String(value), goal: `< ${limit}`, ok: value < limit }
}

/** Everything about a receipt that can be checked without a chain or a model: signatures, commitments, cost. */
export async function checkReceiptBundle(bundle: ReceiptBundle): Promise<BundleCheck[]> {
  return [
    ...(await checkSignatures(bundle)),
    ...checkLinks(bundle),
    ...checkContent(bundle),
    ...checkCost(bundle),
  ]
}

async function checkSignatures(bundle: ReceiptBundle): Promise<BundleCheck[]> {
  const { deployment, provider, channel } = bundle
  const signed = async <N extends SignedName>(name: N, value: SignedValue<N>, signature: Hex, by: Hex) => {
    const signer = await signerOf(name, value, signature, deployment)
    const check = equal(`signature.${name.toLowerCase()}`, signer, by.toLowerCase())
    return { ...check, ok: sameAddress(signer, by) }
  }
  return [
    await signed('Quote', bundle.quote, bundle.quoteSignature, provider.node),
    await signed('Request', bundle.request, bundle.requestSignature, channel.signer),
    await signed('Receipt', bundle.receipt, bundle.receiptSignature, provider.node),
  ]
}

async function signerOf<N extends SignedName>(
  name: N,
  value: SignedValue<N>,
  signature: Hex,
  deployed: Deployed,
): Promise<string> {
  try {
    return await recoverStruct(name, value, signature, deployed)
  } catch {
    return 'nobody' // No key fits: the check fails and says so.
  }
}

/** Receipt → request → quote → channel: each names the one before by its hash. */
function checkLinks({ deployment, provider, channel, quote, request, receipt, receiptHash }: ReceiptBundle) {
  const id = channelId(channel, provider.payee)
  return [
    equal('receipt.hash', receiptHash, digest('Receipt', receipt, deployment)),
    equal('receipt.request', receipt.requestHash, digest('Request', request, deployment)),
    equal('request.quote', request.quoteHash, digest('Quote', quote, deployment)),
    equal('request.channel', request.channelId, id),
    equal('quote.channel', quote.channelId, id),
    equal('request.id', request.requestId, requestId(id, quote.nonce)),
    equal('receipt.model', receipt.modelId, quote.modelId),
    equal('receipt.flags', receipt.flags, isPrivateSalt(channel.salt) ? 0 : FLAG_PUBLIC),
  ]
}

function checkContent({ provider, request, receipt, salt, prompt, output }: ReceiptBundle) {
  const commit = promptCommit(fromHex(salt, 32), prompt)
  const { temperature, topK, topP } = request
  const sampling = samplingHash(provider.engineMajor, { temperature, topK, topP })
  return [
    equal('request.prompt', request.promptCommit, commit),
    equal('receipt.prompt', receipt.promptCommit, commit),
    equal('receipt.output', receipt.outputRoot, outputRoot(output)),
    equal('receipt.sampling', receipt.samplingHash, sampling),
    equal('receipt.seed', receipt.seed, request.seed),
    equal('request.input_tokens', request.inputTokens, prompt.length),
    below('request.answered_tokens', request.answeredTokens, prompt.length),
    equal('receipt.input_tokens', receipt.inputTokens, prompt.length),
    equal('receipt.output_tokens', receipt.outputTokens, output.length),
  ]
}

function checkCost({ quote, request, receipt, output, cost }: ReceiptBundle) {
  const terms = { ...quote, base: request.base }
  return [
    equal('receipt.cumulative_due', receipt.cumulativeDue, owed(terms, output.length)),
    equal('receipt.cost', cost, receipt.cumulativeDue - request.base),
  ]
}
