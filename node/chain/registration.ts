import { type Address, AriaError, formatAria, type Hex } from '@aria/sdk/protocol'
import { modelsAbi, stakingAbi } from '@aria/sdk/protocol/abi'
import { type Chain, onChain } from './client.ts'

/** IStaking.Kind */
const KIND_PROVIDER = 1
const NO_ADDRESS = '0x0000000000000000000000000000000000000000'

/** Serving without stake would earn nothing and be trusted by nobody, so it is refused with the fix. @throws AriaError `bad_config`, `unknown_model`. */
export async function requireRegistration(
  { client, deployment }: Chain,
  { node, operator, modelId }: { node: Address; operator: Address; modelId: Hex },
): Promise<void> {
  const staking = { address: deployment.contracts.staking, abi: stakingAbi } as const
  const [registered, { stake, kind }] = await onChain('read the stake', () =>
    Promise.all([
      client.readContract({ ...staking, functionName: 'operatorOf', args: [node] }),
      client.readContract({ ...staking, functionName: 'operators', args: [operator] }),
    ]),
  )
  requireOperator(registered.toLowerCase() as Address, { node, operator, kind })
  const { providerStakeMin } = deployment.params
  if (stake < providerStakeMin) {
    throw new AriaError(
      'bad_config',
      `Operator ${operator} staked ${formatAria(stake)} ARIA, a provider needs ${formatAria(providerStakeMin)}.`,
      { facts: { operator, stake, providerStakeMin }, hint: 'Call Staking.stake from the operator wallet.' },
    )
  }
  await requireModel({ client, deployment }, modelId)
}

function requireOperator(
  registered: Address,
  { node, operator, kind }: { node: Address; operator: Address; kind: number },
): void {
  const facts = { node, operator, registered }
  if (registered === NO_ADDRESS) {
    throw new AriaError('bad_config', `Node key ${node} is not registered in Staking.`, {
      facts,
      hint: `Call Staking.register (or rotateKey) with this node key from the operator wallet ${operator}; "npm start" does it on a local network.`,
    })
  }
  if (registered !== operator) {
    throw new AriaError(
      'bad_config',
      `Node key ${node} belongs to operator ${registered}, not to ${operator}.`,
      {
        facts,
        hint: 'Set ARIA_OPERATOR to the operator that registered the key, or use another ARIA_NODE_KEY.',
      },
    )
  }
  if (kind !== KIND_PROVIDER) {
    throw new AriaError(
      'bad_config',
      `Operator ${operator} is registered as a verifier, not as a provider.`,
      {
        facts,
        hint: 'One account has one kind for ever: register the provider from another wallet.',
      },
    )
  }
}

async function requireModel({ client, deployment }: Chain, modelId: Hex): Promise<void> {
  try {
    await onChain('read the model', () =>
      client.readContract({
        address: deployment.contracts.models,
        abi: modelsAbi,
        functionName: 'get',
        args: [modelId],
      }),
    )
  } catch (thrown) {
    if (!(thrown instanceof AriaError) || thrown.code !== 'chain_rejected') throw thrown
    throw new AriaError('unknown_model', `Model ${modelId} is not registered in Models.`, {
      facts: { modelId },
      hint: 'Register its manifest with Models.register (anyone may), or check that ARIA_MODEL is the file you mean.',
      cause: thrown,
    })
  }
}
