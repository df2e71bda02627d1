// A deployed network on Hardhat's in-process chain, reached over HTTP as every program reaches a chain.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import hre from 'hardhat'
import {
  type Address,
  concat,
  createTestClient,
  custom,
  encodeAbiParameters,
  encodeFunctionData,
  getContract,
  type Hex,
  hexToBigInt,
  http,
  keccak256,
  numberToHex,
  pad,
  parseEther,
  parseSignature,
  publicActions,
  signatureToCompactSignature,
  stringToHex,
  walletActions,
} from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { hardhat } from 'viem/chains'
import {
  auditsAbi,
  beaconAbi,
  chargesAbi,
  courtAbi,
  escrowAbi,
  modelsAbi,
  rewardsAbi,
  stakingAbi,
  timelockAbi,
  tokenAbi,
} from '../../../sdk/protocol/abi/index.ts'
import { deploy } from '../../scripts/deploy.ts'
import type { Deployment } from '../../scripts/deployment.ts'

export const PROVIDER = 1
export const VERIFIER = 2

/** An operator with its two keys. */
export interface Operator {
  readonly account: PrivateKeyAccount
  readonly node: PrivateKeyAccount
  readonly payout: Address
}

export type World = Awaited<ReturnType<typeof startWorld>>

export async function startWorld() {
  const server = await hre.network.createServer('default', '127.0.0.1')
  const { address, port } = await server.listen()
  const rpcUrl = `http://${address}:${port}`
  const dir = await mkdtemp(join(tmpdir(), 'aria-contracts-'))
  const out = join(dir, 'deployment.json')
  const deployment = await deploy({ rpcUrl, network: 'local', out })
  const clock: Clock = { timestamp: undefined }
  const accounts = { made: 0 }
  const client = testClient(rpcUrl, clock)
  return { rpcUrl, dir, out, deployment, client, clock, accounts, ...bind(deployment, client), stop }

  async function stop(): Promise<void> {
    await server.close()
    await rm(dir, { recursive: true })
  }
}

/** Time stands still between two calls of `timeAfter`: a slow machine must not miss a window. */
interface Clock {
  timestamp: number | undefined
}

type Client = ReturnType<typeof testClient>

function testClient(rpcUrl: string, clock: Clock) {
  const { request } = http(rpcUrl)({ chain: hardhat })
  const transport = custom({
    async request({ method, params }) {
      if (method.startsWith('eth_send') && clock.timestamp !== undefined) {
        await request({ method: 'evm_setNextBlockTimestamp', params: [numberToHex(clock.timestamp)] })
      }
      return request({ method, params })
    },
  })
  return createTestClient({ chain: hardhat, mode: 'hardhat', transport, pollingInterval: 10 })
    .extend(publicActions)
    .extend(walletActions)
}

function bind(deployment: Deployment, client: Client) {
  const { contracts } = deployment
  return {
    token: getContract({ address: contracts.token, abi: tokenAbi, client }),
    models: getContract({ address: contracts.models, abi: modelsAbi, client }),
    staking: getContract({ address: contracts.staking, abi: stakingAbi, client }),
    escrow: getContract({ address: contracts.escrow, abi: escrowAbi, client }),
    beacon: getContract({ address: contracts.beacon, abi: beaconAbi, client }),
    audits: getContract({ address: contracts.audits, abi: auditsAbi, client }),
    court: getContract({ address: contracts.court, abi: courtAbi, client }),
    charges: getContract({ address: contracts.charges, abi: chargesAbi, client }),
    timelock: getContract({ address: contracts.timelock, abi: timelockAbi, client }),
    rewards: getContract({ address: contracts.rewards, abi: rewardsAbi, client }),
  }
}

/** Moves the chain to `offset` seconds after the end of `epoch`. */
export async function timeAfter(world: World, epoch: number, offset: number): Promise<void> {
  const { genesis, params } = world.deployment
  world.clock.timestamp = genesis + (epoch + 1) * params.timetable.epoch + offset
  await world.client.setNextBlockTimestamp({ timestamp: BigInt(world.clock.timestamp) })
  await world.client.mine({ blocks: 1 })
}

/** The gas of a transaction that must have succeeded. */
export async function gasOf(world: World, hash: Hex | Promise<Hex>): Promise<bigint> {
  const receipt = await world.client.waitForTransactionReceipt({ hash: await hash })
  if (receipt.status !== 'success') throw new Error(`Transaction ${receipt.transactionHash} reverted.`)
  return receipt.gasUsed
}

/** The same account in every run: gas depends on the zero bytes of addresses and signatures. */
export function accountOf(name: string): PrivateKeyAccount {
  return privateKeyToAccount(keccak256(stringToHex(name)))
}

/** A new account with ether, and `tokens` of the deployer's ARIA. */
export async function newAccount(world: World, tokens = 0n): Promise<PrivateKeyAccount> {
  const account = accountOf(`account ${world.accounts.made++}`)
  await world.client.setBalance({ address: account.address, value: parseEther('100') })
  if (tokens > 0n) {
    const { deployer } = world.deployment.roles
    await gasOf(world, world.token.write.transfer([account.address, tokens], { account: deployer }))
  }
  return account
}

/** A model whose work is rewarded from the next epoch on. */
export async function listModel(world: World): Promise<Hex> {
  const { models, deployment, client } = world
  const account = deployment.roles.proposer
  const hash = pad('0x01', { size: 32 })
  const shape = { engineMajor: 1, layers: 1, dModel: 1, dFfn: 1, nHeads: 1, vocab: 1, maxContext: 1 }
  const manifest = { weightsRoot: hash, tokenizerHash: hash, specHash: hash, ...shape }
  const { result } = await client.simulateContract({
    ...models,
    functionName: 'register',
    args: [manifest],
    account,
  })
  await gasOf(world, models.write.register([manifest], { account }))
  const listing = encodeFunctionData({ ...models, functionName: 'setRewardable', args: [result, true] })
  await governed(world, models.address, listing)
  return result
}

/** A proposal to the timelock, and its execution; the local delay is zero. */
export async function governed(world: World, target: Address, data: Hex): Promise<void> {
  const { timelock, deployment } = world
  const account = deployment.roles.proposer
  const none = pad('0x00', { size: 32 })
  await gasOf(world, timelock.write.schedule([target, 0n, data, none, none, 0n], { account }))
  await gasOf(world, timelock.write.execute([target, 0n, data, none, none], { account }))
}

export async function enlist(world: World, kind: number, stake: bigint): Promise<Operator> {
  const { staking, token } = world
  const account = await newAccount(world, stake)
  const node = await newAccount(world)
  const payout = (await newAccount(world)).address
  const consent = await node.signTypedData({
    domain: { name: 'ARIA Staking', version: '1', chainId: hardhat.id, verifyingContract: staking.address },
    types: {
      NodeKey: [
        { name: 'operator', type: 'address' },
        { name: 'node', type: 'address' },
      ],
    },
    primaryType: 'NodeKey',
    message: { operator: account.address, node: node.address },
  })
  await gasOf(world, staking.write.register([kind, node.address, consent, payout], { account }))
  await gasOf(world, token.write.approve([staking.address, stake], { account }))
  await gasOf(world, staking.write.stake([stake], { account }))
  return { account, node, payout }
}

export interface ChannelParts {
  readonly payer: Address
  readonly payee: Address
  readonly signer: PrivateKeyAccount
  readonly salt: bigint
}

export function channelId({ payer, payee, signer, salt }: ChannelParts): Hex {
  const types = [{ type: 'address' }, { type: 'address' }, { type: 'address' }, { type: 'uint96' }] as const
  return keccak256(encodeAbiParameters(types, [payer, payee, signer.address, salt]))
}

export const VOUCHER_TYPES = {
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
  ],
} as const

export function voucherTypedData(world: World, parts: ChannelParts, total: bigint) {
  return {
    domain: {
      name: 'ARIA Escrow',
      version: '1',
      chainId: hardhat.id,
      verifyingContract: world.escrow.address,
    },
    types: VOUCHER_TYPES,
    primaryType: 'Voucher',
    message: { channelId: channelId(parts), maxClaimableAmount: total },
  } as const
}

/** One row of Escrow.redeem: a voucher that its signer really signed. */
export async function voucherRow(world: World, parts: ChannelParts, total: bigint): Promise<Hex> {
  const signature = await parts.signer.signTypedData(voucherTypedData(world, parts, total))
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
  const numbers = [pad(numberToHex(parts.salt), { size: 12 }), pad(numberToHex(total), { size: 12 })]
  return concat([parts.payer, parts.signer.address, ...numbers, r, yParityAndS])
}

/** A payer with a funded channel to `payee`. */
export async function openChannel(
  world: World,
  payee: Address,
  amount: bigint,
  salt = 1n,
): Promise<ChannelParts> {
  const payer = await newAccount(world, amount)
  const signer = accountOf(`signer ${world.accounts.made++}`)
  await gasOf(world, world.token.write.approve([world.escrow.address, amount], { account: payer }))
  await gasOf(world, world.escrow.write.deposit([payee, signer.address, salt, amount], { account: payer }))
  return { payer: payer.address, payee, signer, salt }
}

export interface AuditRow {
  readonly provider: Address
  readonly score: number
  readonly capacity: number
  readonly digest: Hex
}

export function auditCommitment(verifier: Address, epoch: bigint, salt: Hex, rows: readonly AuditRow[]): Hex {
  const row = {
    type: 'tuple[]',
    components: [
      { name: 'provider', type: 'address' },
      { name: 'score', type: 'uint8' },
      { name: 'capacity', type: 'uint8' },
      { name: 'digest', type: 'bytes32' },
    ],
  } as const
  const types = [{ type: 'address' }, { type: 'uint256' }, { type: 'bytes32' }, row] as const
  return keccak256(encodeAbiParameters(types, [verifier, epoch, salt, rows]))
}

export function byAddress(a: { readonly provider: Address }, b: { readonly provider: Address }): number {
  return hexToBigInt(a.provider) < hexToBigInt(b.provider) ? -1 : 1
}
