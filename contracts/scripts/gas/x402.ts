import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type Abi, type Address, encodeAbiParameters, type Hex, keccak256, numberToHex, pad } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { hardhat } from 'viem/chains'
import { accountOf, gasOf, VOUCHER_TYPES, type World } from '../../test/node/world.ts'

const require = createRequire(import.meta.url)
const SOURCE = new URL('../../test/x402/ClaimPath.sol', import.meta.url)
/** Those of hardhat.config.ts: both designs are compiled alike. */
const SETTINGS = { viaIR: true, optimizer: { enabled: true, runs: 1_000_000 }, evmVersion: 'prague' }
const CONFIG = {
  type: 'tuple',
  components: [
    { name: 'payer', type: 'address' },
    { name: 'payerAuthorizer', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'receiverAuthorizer', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'withdrawDelay', type: 'uint40' },
    { name: 'salt', type: 'bytes32' },
  ],
} as const

interface ChannelConfig {
  readonly payer: Address
  readonly payerAuthorizer: Address
  readonly receiver: Address
  readonly receiverAuthorizer: Address
  readonly token: Address
  readonly withdrawDelay: number
  readonly salt: Hex
}

/** Gas of claiming vouchers in the layout of x402 batch-settlement, as whole transactions like ours. */
export async function measureX402(world: World, batch: number): Promise<Record<string, number>> {
  const { abi, bytecode } = await compile()
  const { client, deployment } = world
  const account = deployment.roles.deployer
  const { contractAddress: address } = await client.waitForTransactionReceipt({
    hash: await client.deployContract({ abi, bytecode, account }),
  })
  if (!address) throw new Error('The x402 layout was not deployed.')
  const write = async (functionName: string, args: readonly unknown[]) =>
    Number(await gasOf(world, client.writeContract({ address, abi, functionName, args, account })))

  const channels: { config: ChannelConfig; signer: PrivateKeyAccount }[] = []
  for (let i = 0; i < batch; i++) {
    const signer = accountOf(`x402 signer ${i}`)
    const config = {
      payer: accountOf(`x402 payer ${i}`).address,
      payerAuthorizer: signer.address,
      receiver: accountOf('x402 receiver').address,
      receiverAuthorizer: account,
      token: deployment.contracts.token,
      withdrawDelay: 86_400,
      salt: pad(numberToHex(1), { size: 32 }),
    }
    channels.push({ config, signer })
    await write('fund', [config, 100n * 10n ** 18n])
  }
  const claim = async (count: number, totalClaimed: bigint) => {
    const claims = await Promise.all(
      channels.slice(0, count).map(async ({ config, signer }) => ({
        voucher: { channel: config, maxClaimableAmount: totalClaimed },
        signature: await sign(signer, address, config, totalClaimed),
        totalClaimed,
      })),
    )
    return write('claim', [claims])
  }
  await claim(batch, 10n ** 18n)
  const one = await claim(1, 3n * 10n ** 18n)
  const half = await claim(batch / 2, 4n * 10n ** 18n)
  const all = await claim(batch, 5n * 10n ** 18n)
  return {
    x402_claim_one: one,
    x402_claim_marginal: (all - half) / (batch / 2),
    [`x402_claim_${batch}`]: all,
  }
}

async function sign(
  signer: PrivateKeyAccount,
  verifyingContract: Address,
  config: ChannelConfig,
  total: bigint,
) {
  return signer.signTypedData({
    domain: { name: 'x402 Batch Settlement', version: '1', chainId: hardhat.id, verifyingContract },
    types: VOUCHER_TYPES,
    primaryType: 'Voucher',
    message: { channelId: keccak256(encodeAbiParameters([CONFIG], [config])), maxClaimableAmount: total },
  })
}

async function compile(): Promise<{ abi: Abi; bytecode: Hex }> {
  const solc = require('solc') as { compile(input: string, callbacks: object): string }
  const { readFileSync } = await import('node:fs')
  const findImport = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') })
  const input = {
    language: 'Solidity',
    sources: { 'ClaimPath.sol': { content: await readFile(SOURCE, 'utf8') } },
    settings: { ...SETTINGS, outputSelection: { '*': { ClaimPath: ['abi', 'evm.bytecode.object'] } } },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }))
  const contract = output.contracts?.['ClaimPath.sol']?.ClaimPath
  if (contract === undefined) throw new Error(`ClaimPath.sol: ${JSON.stringify(output.errors)}`)
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` }
}
