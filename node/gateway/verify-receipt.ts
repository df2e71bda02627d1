import { loadModel } from '@aria/engine'
import {
  type Address,
  AriaError,
  type BundleCheck,
  checkReceiptBundle,
  type ReceiptBundle,
  sameAddress,
} from '@aria/sdk/protocol'
import { stakingAbi } from '@aria/sdk/protocol/abi'
import { createPublicClient, http } from 'viem'
import { modelManifest } from '../inference/manifest.ts'

export interface VerifyOptions {
  /** Without it, who stands behind the node key is not looked up, and that is said. */
  rpcUrl: string | undefined
  modelPath: string
  threads: number | undefined
  signal?: AbortSignal
}

export type VerifyCheck = BundleCheck & { unit: string }

/** Signatures, commitments and cost; then the operator on chain; then the answer itself, computed again. */
export async function verifyReceipt(bundle: ReceiptBundle, options: VerifyOptions): Promise<VerifyCheck[]> {
  const checks = await checkReceiptBundle(bundle)
  if (options.rpcUrl !== undefined) checks.push(await checkOperator(bundle, options.rpcUrl))
  const named = checks.map(check => ({ ...check, unit: 'value' }))
  return [...named, ...(await execute(bundle, options))]
}

/** The node key must have belonged to the operator when the receipt was signed. */
async function checkOperator(
  { deployment, provider, receipt }: ReceiptBundle,
  rpcUrl: string,
): Promise<BundleCheck> {
  const publicClient = createPublicClient({ transport: http(rpcUrl) })
  const goal = `${provider.operator} at ${receipt.endedAt}`
  try {
    const { operator, from, until } = await publicClient.readContract({
      address: deployment.staking,
      abi: stakingAbi,
      functionName: 'keys',
      args: [provider.node],
    })
    const inUse = from <= receipt.endedAt && (until === 0 || receipt.endedAt < until)
    const ok = sameAddress(operator, provider.operator) && inUse
    const value = `${(operator as Address).toLowerCase()} from ${from}${until === 0 ? '' : ` until ${until}`}`
    return { name: 'chain.operator', value, goal, ok }
  } catch (cause) {
    throw new AriaError(
      'chain_unreachable',
      `Could not read the operator of ${provider.node} from ${rpcUrl}.`,
      {
        hint: 'Check --rpc-url, or leave it out to check everything else.',
        cause,
      },
    )
  }
}

/** A different model is no verdict about the provider, so it ends here. */
async function execute(bundle: ReceiptBundle, options: VerifyOptions): Promise<VerifyCheck[]> {
  const { receipt, request, prompt, output } = bundle
  const { id } = await modelManifest(options.modelPath)
  const model = {
    name: 'model.id',
    value: id,
    unit: 'hash',
    goal: receipt.modelId,
    ok: id === receipt.modelId,
  }
  if (!model.ok) return [model]
  const { threads, signal } = options
  const engine = await loadModel(options.modelPath, threads === undefined ? {} : { threads })
  try {
    const { temperature, topK, topP, seed } = request
    const transcript = { prompt, output, sampling: { temperature, topK, topP }, seed }
    const verdict = await engine.verify(transcript, signal === undefined ? {} : { signal })
    const matching = verdict.match ? output.length : verdict.position
    const goal = String(output.length)
    const tokens = {
      name: 'execution.tokens',
      value: String(matching),
      unit: 'tokens',
      goal,
      ok: verdict.match,
    }
    if (verdict.match) return [model, tokens]
    const { actual, expected, position } = verdict
    const token = { value: String(actual), unit: `token at ${position}`, goal: String(expected), ok: false }
    return [model, tokens, { name: 'execution.first_difference', ...token }]
  } finally {
    await engine.close()
  }
}
