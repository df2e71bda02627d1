import type { Model } from '@aria/engine'
import {
  type AuditItem,
  type ChannelParts,
  channelId,
  type Deployment,
  deployed,
  digest,
  FINISH,
  FLAG_PUBLIC,
  fromHex,
  type Hex,
  keySigner,
  outputRoot,
  type PublicReceipt,
  promptCommit,
  type Receipt,
  type Request,
  requestId,
  type SumNode,
  samplingHash,
  signStruct,
  sumLeaf,
  sumProof,
  sumRoot,
} from '@aria/sdk/protocol'

export interface Job {
  item: PublicReceipt
  hash: Hex
  salt: Hex
  prompt: Uint32Array
  output: Uint32Array
}

export interface JobInit {
  deployment: Deployment
  modelId: Hex
  parts: ChannelParts
  payee: Hex
  /** Signs the request as the channel's signer. */
  clientKey: Hex
  nodeKey: Hex
  nonce: bigint
  prompt: Uint32Array
  output: Uint32Array
  seed: bigint
  endedAt: number
  maxOutputTokens?: number
  receipt?: Partial<Receipt>
  request?: Partial<Request>
}

export const SAMPLING = { temperature: 0, topK: 0, topP: 10_000 }
const PRICE = { input: 5n, output: 20n }

/** A finished public job, signed by both sides as the paid stream does it. */
export async function makeJob(init: JobInit): Promise<Job> {
  const { deployment, prompt, output } = init
  const domain = deployed(deployment)
  const channel = channelId(init.parts, init.payee)
  const salt: Hex = `0x${init.nonce.toString(16).padStart(64, '0')}`
  const shared = {
    promptCommit: promptCommit(fromHex(salt), prompt),
    inputTokens: prompt.length,
    seed: init.seed,
  }
  const request: Request = {
    quoteHash: salt,
    channelId: channel,
    requestId: requestId(channel, init.nonce),
    ...shared,
    ...SAMPLING,
    answeredTokens: 0,
    maxOutputTokens: init.maxOutputTokens ?? 256,
    base: 0n,
    deadline: init.endedAt + 60,
    ...init.request,
  }
  const receipt: Receipt = {
    requestHash: digest('Request', request, domain),
    modelId: init.modelId,
    ...shared,
    outputRoot: outputRoot(output),
    samplingHash: samplingHash(1, request),
    outputTokens: output.length,
    cumulativeDue: PRICE.input * BigInt(prompt.length) + PRICE.output * BigInt(output.length),
    finish: FINISH.stop,
    flags: FLAG_PUBLIC,
    startedAt: init.endedAt - 1,
    endedAt: init.endedAt,
    ...init.receipt,
  }
  const item = {
    request,
    requestSignature: await signStruct('Request', request, domain, keySigner(init.clientKey)),
    receipt,
    receiptSignature: await signStruct('Receipt', receipt, domain, keySigner(init.nodeKey)),
  }
  return { item, hash: digest('Receipt', receipt, domain), salt, prompt, output }
}

/** Runs the model the way an honest provider does: until a stop token. */
export async function answerOf(
  model: Model,
  text: string,
  seed: bigint,
): Promise<{ prompt: Uint32Array; output: Uint32Array }> {
  const prompt = model.tokenizer.encodeChat([{ role: 'user', content: text }])
  const session = model.createSession()
  try {
    await session.prefill(prompt)
    const output: number[] = []
    while (output.length < 200 && !model.tokenizer.stopTokens.includes(output.at(-1) ?? -1)) {
      output.push(...(await session.decode(8, SAMPLING, seed)))
    }
    return { prompt, output: Uint32Array.from(output) }
  } finally {
    await session.close()
  }
}

/** The epoch's tree over some jobs, and what a provider serves for a position in it. */
export function treeOf(jobs: readonly Job[]): { root: SumNode; itemAt(position: bigint): AuditItem } {
  const leaves = jobs.map(job => sumLeaf(job.hash, BigInt(job.item.receipt.outputTokens)))
  return {
    root: sumRoot(leaves),
    itemAt(position) {
      let end = 0n
      const leafIndex = leaves.findIndex(leaf => {
        end += leaf.sum
        return position < end
      })
      const { item, salt, prompt, output } = jobs[leafIndex]!
      return { position, leafIndex, proof: sumProof(leaves, leafIndex), item, salt, prompt, output }
    },
  }
}
