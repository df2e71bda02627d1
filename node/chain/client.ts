import { AriaError, type Deployment, type Hex } from '@aria/sdk/protocol'
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  defineChain,
  HttpRequestError,
  http,
  type PublicClient,
  RpcRequestError,
  TimeoutError,
} from 'viem'

/** With one retry, a request's check of its channel ends before the client gives up waiting for it (10 s). */
const REQUEST_TIMEOUT_MS = 4_000
const RETRIES = 1

export interface Chain {
  readonly client: PublicClient
  readonly deployment: Deployment
}

/** Connects, and checks that the RPC serves the chain of the deployment. @throws AriaError `chain_unreachable`, `wrong_chain`. */
export async function connectChain(rpcUrl: string, deployment: Deployment): Promise<Chain> {
  const definition = defineChain({
    id: deployment.chainId,
    name: deployment.params.network,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl, { batch: true, timeout: REQUEST_TIMEOUT_MS, retryCount: RETRIES })
  const client = createPublicClient({ chain: definition, transport, cacheTime: 0 }) as PublicClient
  const found = await onChain('read the chain id', () => client.getChainId())
  if (found !== deployment.chainId) {
    throw new AriaError(
      'wrong_chain',
      `The RPC serves chain ${found}, the deployment is on ${deployment.chainId}.`,
      {
        facts: { found, expected: deployment.chainId },
        hint: 'Set ARIA_RPC_URL and ARIA_DEPLOYMENT to the same network.',
      },
    )
  }
  await checkCode(client, deployment.contracts.escrow)
  return { client, deployment }
}

async function checkCode(client: PublicClient, escrow: Hex): Promise<void> {
  const code = await onChain('read the escrow', () => client.getCode({ address: escrow }))
  if (code !== undefined && code !== '0x') return
  throw new AriaError('bad_deployment', `There is no contract at the escrow's address ${escrow}.`, {
    facts: { escrow },
    hint: 'The deployment file is older than the chain: deploy again, or point ARIA_DEPLOYMENT at the new file.',
  })
}

/** Runs a chain call and turns viem's failures into ours. */
export async function onChain<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw chainError(what, cause)
  }
}

export function chainError(what: string, cause: unknown): unknown {
  if (cause instanceof AriaError || !(cause instanceof BaseError)) return cause
  const isUnreachable = cause.walk(e => e instanceof HttpRequestError || e instanceof TimeoutError) !== null
  if (isUnreachable) {
    return new AriaError('chain_unreachable', `Cannot ${what}: the chain's RPC does not answer.`, {
      hint: 'Check ARIA_RPC_URL and that the chain is running.',
      cause,
    })
  }
  const revert = cause.walk(e => e instanceof ContractFunctionRevertedError)
  const name = revert instanceof ContractFunctionRevertedError ? revert.data?.errorName : undefined
  const rpc = cause.walk(e => e instanceof RpcRequestError)
  const reason = name ?? (rpc instanceof RpcRequestError ? rpc.details : cause.shortMessage)
  return new AriaError('chain_rejected', `Cannot ${what}: ${reason}.`, {
    facts: { ...(name !== undefined && { revert: name }) },
    cause,
  })
}
