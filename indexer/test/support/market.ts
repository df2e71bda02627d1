import {
  type Address,
  ARIA,
  channelId,
  deployed,
  digest,
  type Hex,
  redeemRows,
  toHex,
} from '@aria/sdk/protocol'
import { escrowAbi, stakingAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import { type Abi, createWalletClient, encodeFunctionData, http, publicActions } from 'viem'
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { anvil } from 'viem/chains'
import type { TestChain } from './chain.ts'

const MNEMONIC = 'test test test test test test test test test test test junk'
export const keyOf = (at: number): Hex => `0x${(at + 1).toString(16).padStart(64, '0')}`

/** People on a test chain: anvil's own accounts, the first of which deployed and holds the genesis tokens. */
export function market({ rpcUrl, deployment }: TestChain) {
  const { contracts } = deployment
  const wallet = (at: number) => {
    const account = mnemonicToAccount(MNEMONIC, { addressIndex: at })
    const client = createWalletClient({ account, chain: anvil, transport: http(rpcUrl), pollingInterval: 20 })
    return client.extend(publicActions)
  }
  const address = (at: number) => wallet(at).account.address.toLowerCase() as Address

  async function send(at: number, to: Address, abi: Abi, functionName: string, args: readonly unknown[]) {
    const client = wallet(at)
    const hash = await client.sendTransaction({ to, data: encodeFunctionData({ abi, functionName, args }) })
    const receipt = await client.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`${functionName} reverted`)
    return receipt
  }

  async function fund(at: number, amount: bigint, spender: Address) {
    await send(0, contracts.token, tokenAbi, 'transfer', [address(at), amount])
    await send(at, contracts.token, tokenAbi, 'approve', [spender, amount])
  }

  return {
    address,
    send,
    /** The private key behind `address(at)`. */
    signerKey: (at: number) =>
      toHex(mnemonicToAccount(MNEMONIC, { addressIndex: at }).getHdKey().privateKey!),
    /** Registers and stakes an operator; its node key is `keyOf(at)`. */
    async operator(at: number, kind: 1 | 2, stake: bigint) {
      const node = privateKeyToAccount(keyOf(at))
      const signature = await node.signTypedData({
        domain: {
          name: 'ARIA Staking',
          version: '1',
          chainId: deployment.chainId,
          verifyingContract: contracts.staking,
        },
        types: {
          NodeKey: [
            { name: 'operator', type: 'address' },
            { name: 'node', type: 'address' },
          ],
        },
        primaryType: 'NodeKey',
        message: { operator: address(at), node: node.address },
      })
      await fund(at, stake, contracts.staking)
      await send(at, contracts.staking, stakingAbi, 'register', [kind, node.address, signature, address(at)])
      await send(at, contracts.staking, stakingAbi, 'stake', [stake])
      return { operator: address(at), node: node.address.toLowerCase() as Address, nodeKey: keyOf(at) }
    },
    /** Opens or tops up a channel from wallet `at`, its own signer. */
    async deposit(at: number, payee: Address, amount: bigint, salt = 1n) {
      await fund(at, amount, contracts.escrow)
      await send(at, contracts.escrow, escrowAbi, 'deposit', [payee, address(at), salt, amount])
      const parts = { payer: address(at), signer: address(at), salt }
      return { parts, id: channelId(parts, payee) }
    },
    async redeem(at: number, payee: Address, total: bigint, salt = 1n) {
      const parts = { payer: address(at), signer: address(at), salt }
      const voucher = { channelId: channelId(parts, payee), maxClaimableAmount: total }
      const account = mnemonicToAccount(MNEMONIC, { addressIndex: at })
      const signature = await account.sign({ hash: digest('Voucher', voucher, deployed(deployment)) })
      const rows = redeemRows([{ parts, voucher: { total, signature } }])
      return await send(0, contracts.escrow, escrowAbi, 'redeem', [payee, rows])
    },
  }
}

export const aria = (amount: number) => BigInt(amount) * ARIA
