import { ARIA, type Deployment, type Manifest, modelId, ZERO_HASH } from '@aria/sdk/protocol'
import { modelsAbi, stakingAbi, timelockAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import {
  type Account,
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  type Hex,
  http,
  type PublicClient,
  type Transport,
  type WalletClient,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type Key, roles } from './accounts.ts'

export const KIND = { provider: 1, verifier: 2 } as const

/** Enough for thousands of requests at the local prices. */
const CLIENT_FUNDS = 1_000n * ARIA
const POLL_MS = 100

interface Wallet {
  key: Key
  client: WalletClient<Transport, Chain, Account>
}

/** Sends the transactions that make a deployed market usable: model, stakes, client funds. Idempotent. */
export interface Market {
  registerModel(manifest: Manifest): Promise<Hex>
  /** Registers and stakes one operator unless it already is; returns whether something changed. */
  enrol(kind: keyof typeof KIND, operator: Key, node: Key, stake: bigint): Promise<boolean>
  fundClient(client: Key): Promise<void>
}

export function openMarket(rpcUrl: string, deployment: Deployment): Market {
  const chain = defineChain({
    id: deployment.chainId,
    name: 'local',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl)
  const reader: PublicClient = createPublicClient({ chain, transport, pollingInterval: POLL_MS })
  const wallet = (key: Key): Wallet => ({
    key,
    client: createWalletClient({ chain, transport, account: privateKeyToAccount(key.privateKey) }),
  })
  const context = { reader, deployment, wallet, treasury: wallet(roles.deployer()) }
  return {
    registerModel: manifest => registerModel(context, manifest),
    enrol: (kind, operator, node, stake) => enrol(context, kind, wallet(operator), node, stake),
    fundClient: client => topUp(context, client, CLIENT_FUNDS),
  }
}

interface Context {
  reader: PublicClient
  deployment: Deployment
  wallet: (key: Key) => Wallet
  treasury: Wallet
}

async function mined({ reader }: Context, hash: Hex): Promise<void> {
  const receipt = await reader.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success')
    throw new Error(`Transaction ${hash} reverted while setting up the local market.`)
}

async function registerModel(context: Context, manifest: Manifest): Promise<Hex> {
  const { reader, deployment, treasury } = context
  const id = modelId(manifest)
  const contract = { address: deployment.contracts.models, abi: modelsAbi } as const
  const known = await reader.getContractEvents({
    ...contract,
    eventName: 'ModelRegistered',
    args: { id },
    fromBlock: BigInt(deployment.blockNumber),
  })
  if (known.length > 0) return id
  await mined(
    context,
    await treasury.client.writeContract({ ...contract, functionName: 'register', args: [manifest] }),
  )
  await governed(
    context,
    contract.address,
    encodeFunctionData({ ...contract, functionName: 'setRewardable', args: [id, true] }),
  )
  return id
}

/** The governor is the timelock, here without a delay: a proposal, then its execution. */
async function governed(context: Context, target: Address, data: Hex): Promise<void> {
  const { deployment, treasury } = context
  const contract = { address: deployment.contracts.timelock, abi: timelockAbi } as const
  const call = [target, 0n, data, ZERO_HASH, ZERO_HASH] as const
  await mined(
    context,
    await treasury.client.writeContract({ ...contract, functionName: 'schedule', args: [...call, 0n] }),
  )
  await mined(
    context,
    await treasury.client.writeContract({ ...contract, functionName: 'execute', args: call }),
  )
}

async function enrol(
  context: Context,
  kind: keyof typeof KIND,
  operator: Wallet,
  node: Key,
  stake: bigint,
): Promise<boolean> {
  const { reader, deployment } = context
  const staking = { address: deployment.contracts.staking, abi: stakingAbi } as const
  const token = { address: deployment.contracts.token, abi: tokenAbi } as const
  const { kind: registered, stake: have } = await reader.readContract({
    ...staking,
    functionName: 'operators',
    args: [operator.key.address],
  })

  if (registered === 0) {
    const signature = await nodeConsent(deployment, operator.key, node)
    const args = [KIND[kind], node.address, signature, operator.key.address] as const
    await mined(context, await operator.client.writeContract({ ...staking, functionName: 'register', args }))
  }
  if (have >= stake) return registered === 0

  const missing = stake - have
  await topUp(context, operator.key, missing)
  await mined(
    context,
    await operator.client.writeContract({
      ...token,
      functionName: 'approve',
      args: [staking.address, missing],
    }),
  )
  await mined(
    context,
    await operator.client.writeContract({ ...staking, functionName: 'stake', args: [missing] }),
  )
  return true
}

/** The node key agrees to work for the operator: EIP-712 NodeKey(operator, node) of Staking. */
function nodeConsent(deployment: Deployment, operator: Key, node: Key): Promise<Hex> {
  return privateKeyToAccount(node.privateKey).signTypedData({
    domain: {
      name: 'ARIA Staking',
      version: '1',
      chainId: deployment.chainId,
      verifyingContract: deployment.contracts.staking,
    },
    types: {
      NodeKey: [
        { name: 'operator', type: 'address' },
        { name: 'node', type: 'address' },
      ],
    },
    primaryType: 'NodeKey',
    message: { operator: operator.address, node: node.address },
  })
}

let treasuryTurn: Promise<unknown> = Promise.resolve()

/** Raises an account to `amount` from the treasury; one transfer at a time, since they share a nonce. */
async function topUp(context: Context, key: Key, amount: bigint): Promise<void> {
  const { reader, deployment, treasury } = context
  const token = { address: deployment.contracts.token, abi: tokenAbi } as const
  const turn = treasuryTurn.then(async () => {
    const balance = await reader.readContract({ ...token, functionName: 'balanceOf', args: [key.address] })
    if (balance >= amount) return
    const args = [key.address, amount - balance] as const
    await mined(context, await treasury.client.writeContract({ ...token, functionName: 'transfer', args }))
  })
  treasuryTurn = turn.catch(() => {})
  await turn
}
