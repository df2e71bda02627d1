import {
  createPublicClient,
  createWalletClient,
  type EIP1193Provider,
  type Hex,
  http,
  numberToHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

export interface Provider {
  request(call: { readonly method: string; readonly params?: readonly unknown[] | object }): Promise<unknown>
}

interface Transaction {
  readonly to?: Hex
  readonly data?: Hex
  readonly value?: Hex
  readonly gas?: Hex
  readonly nonce?: Hex
  readonly maxFeePerGas?: Hex
  readonly maxPriorityFeePerGas?: Hex
}

/** An RPC endpoint; with a key, one that has exactly this account and signs for it here. */
export async function connect(rpcUrl: string, privateKey?: Hex): Promise<Provider> {
  const client = createPublicClient({ transport: http(rpcUrl), pollingInterval: 50 })
  const request = client.request as EIP1193Provider['request'] as Provider['request']
  if (privateKey === undefined) return { request }

  const account = privateKeyToAccount(privateKey)
  const wallet = createWalletClient({ account, transport: http(rpcUrl) })
  const chainId = await client.getChainId()

  async function send(transaction: Transaction): Promise<Hex> {
    const serializedTransaction = await account.signTransaction({
      type: 'eip1559',
      chainId,
      nonce: Number(
        transaction.nonce ?? numberToHex(await client.getTransactionCount({ address: account.address })),
      ),
      gas: BigInt(transaction.gas ?? 0),
      maxFeePerGas: BigInt(transaction.maxFeePerGas ?? 0),
      maxPriorityFeePerGas: BigInt(transaction.maxPriorityFeePerGas ?? 0),
      value: BigInt(transaction.value ?? 0),
      data: transaction.data ?? '0x',
      ...(transaction.to === undefined ? {} : { to: transaction.to }),
    })
    return wallet.sendRawTransaction({ serializedTransaction })
  }

  return {
    async request(call) {
      if (call.method === 'eth_accounts') return [account.address.toLowerCase()]
      if (call.method === 'eth_sendTransaction') return send((call.params as readonly Transaction[])[0]!)
      return request(call)
    },
  }
}
