import { type Address, AriaError, type Hex } from '@aria/sdk/protocol'
import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  createWalletClient,
  defineChain,
  http,
  publicActions,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { chainError } from './chain.ts'

const RPC_TIMEOUT_MS = 10_000
/** A transaction that is not mined within this is of unknown outcome; what it was to change is read again then. */
const MINED_TIMEOUT_MS = 15_000
const POLL_MS = 250

export interface Call {
  address: Address
  abi: Abi
  functionName: string
  args: readonly unknown[]
}

export interface Wallet {
  readonly address: Address
  /**
   * Simulates, sends and waits until mined; one at a time. Every call made here is refused by its contract the second
   * time, so after an unknown outcome the caller asks the chain again and repeats safely.
   * @throws AriaError `chain_rejected` with the contract's error in `facts.revert`, or `chain_unreachable`.
   */
  send(call: Call): Promise<Hex>
}

export function wallet(rpcUrl: string, chainId: number, privateKey: Hex): Wallet {
  const account = privateKeyToAccount(privateKey)
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 0 })
  const client = createWalletClient({ account, chain, transport, pollingInterval: POLL_MS }).extend(
    publicActions,
  )
  let last: Promise<unknown> = Promise.resolve()

  async function transact(call: Call): Promise<Hex> {
    try {
      const { request } = await client.simulateContract({ account, ...call })
      const hash = await client.writeContract(request)
      const receipt = await client.waitForTransactionReceipt({ hash, timeout: MINED_TIMEOUT_MS })
      if (receipt.status === 'success') return hash
      throw new AriaError('chain_rejected', `${call.functionName} was mined and reverted.`, {
        facts: { hash },
      })
    } catch (thrown) {
      throw rejection(call.functionName, thrown)
    }
  }

  return {
    address: account.address.toLowerCase() as Address,
    send(call) {
      const sent = last.then(() => transact(call))
      last = sent.catch(() => {})
      return sent
    },
  }
}

/** The contract's own error by name, so that callers can tell "already done" from "not yet". */
function rejection(functionName: string, thrown: unknown): AriaError {
  const reverted =
    thrown instanceof BaseError ? thrown.walk(each => each instanceof ContractFunctionRevertedError) : null
  if (!(reverted instanceof ContractFunctionRevertedError)) return chainError(thrown)
  const revert = reverted.data?.errorName ?? reverted.reason ?? 'without a reason'
  const args = reverted.data?.args?.map(String) ?? []
  return new AriaError('chain_rejected', `${functionName} was refused: ${revert}(${args.join(', ')}).`, {
    facts: { functionName, revert, args },
    cause: thrown,
  })
}

/** The contract's error behind a refusal, if that is what it is. */
export function revertOf(thrown: unknown): string | undefined {
  const isRefusal = thrown instanceof AriaError && thrown.code === 'chain_rejected'
  return isRefusal ? (thrown.facts['revert'] as string | undefined) : undefined
}
