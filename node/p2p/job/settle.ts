import {
  digest,
  type Finish,
  FLAG_PUBLIC,
  type Hex,
  isPrivateSalt,
  outputRoot,
  owed,
  type PublicReceipt,
  type Receipt,
  type SignedReceipt,
  samplingHash,
} from '@aria/sdk/protocol'
import type { AdmittedJob } from './admit.ts'
import type { JobComponents } from './context.ts'
import type { Production } from './produce.ts'
import type { IssuedQuote } from './quote.ts'

export interface SettledJob extends SignedReceipt {
  hash: Hex
}

/** Signs the receipt and stores debt, job and (public jobs) transcript in one step, before the client sees it. */
export async function settle(
  made: Production,
  finish: Finish,
  startedAt: number,
  admitted: AdmittedJob,
  issued: IssuedQuote,
  components: JobComponents,
): Promise<SettledJob> {
  const { vouchers, deployed, signer, clock } = components
  const output = Uint32Array.from(made.tokens)
  const receipt = describe(
    output,
    finish,
    { startedAt, endedAt: clock.nowSeconds() },
    admitted,
    issued,
    components,
  )
  const hash = digest('Receipt', receipt, deployed)
  const signature = await signer.sign(hash)
  const { job, channel } = admitted
  const isPublic = (receipt.flags & FLAG_PUBLIC) !== 0
  const item: PublicReceipt = {
    receipt,
    receiptSignature: signature,
    request: job.request,
    requestSignature: job.signature,
  }
  const epoch = components.epochOf(receipt.endedAt)
  vouchers.settle({
    requestId: job.request.requestId,
    channel,
    due: receipt.cumulativeDue,
    receipt: isPublic ? { hash, epoch, item, salt: job.salt, prompt: job.prompt, output } : undefined,
  })
  await vouchers.synced()
  return { receipt, signature, hash }
}

function describe(
  output: Uint32Array,
  finish: Finish,
  times: { startedAt: number; endedAt: number },
  { job: { request }, terms, requestHash }: AdmittedJob,
  { quote, parts }: IssuedQuote,
  { model }: JobComponents,
): Receipt {
  const { temperature, topK, topP } = request
  return {
    requestHash,
    modelId: quote.modelId,
    promptCommit: request.promptCommit,
    outputRoot: outputRoot(output),
    samplingHash: samplingHash(model.engineMajor, { temperature, topK, topP }),
    seed: request.seed,
    inputTokens: terms.inputTokens,
    outputTokens: output.length,
    cumulativeDue: owed(terms, output.length),
    finish,
    flags: isPrivateSalt(parts.salt) ? 0 : FLAG_PUBLIC,
    ...times,
  }
}

/**
 * A client that left never saw what came after the last checkpoint, so it is not charged for that.
 * Returns whether anything was cut off.
 */
export function cutToCheckpoint(made: Production): boolean {
  const isShorter = made.tokens.length > made.checkpointed
  made.tokens.length = made.checkpointed
  return isShorter
}
