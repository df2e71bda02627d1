import {
  concat,
  encodeAbiParameters,
  type Hex,
  hexToBigInt,
  keccak256,
  numberToHex,
  parseEther,
  parseSignature,
  signatureToCompactSignature,
  stringToHex,
} from 'viem'
import { hardhat } from 'viem/chains'
import {
  accountOf,
  type ChannelParts,
  channelId,
  enlist,
  gasOf,
  newAccount,
  openChannel,
  PROVIDER,
  timeAfter,
  voucherRow,
  type World,
} from '../../test/node/world.ts'

const AMOUNT = parseEther('100')
/** Four bytes in calldata, as every time until 2106. */
const DEADLINE = 2n ** 32n - 1n

/** Deposits, redemptions and what follows them. Leaves the world in epoch 1. */
export async function measureEscrow(world: World, batch: number): Promise<Record<string, number>> {
  const gas: Record<string, number> = {}
  const { escrow, token, deployment } = world
  const { deployer } = deployment.roles
  const note = async (name: string, hash: Promise<Hex>) => {
    gas[name] = Number(await gasOf(world, hash))
  }
  const provider = await enlist(world, PROVIDER, parseEther('1000'))
  const payee = provider.account.address
  const channels: ChannelParts[] = []
  for (let i = 0; i < batch; i++) channels.push(await openChannel(world, payee, AMOUNT))

  const payer = await newAccount(world, 10n * AMOUNT)
  await gasOf(world, token.write.approve([escrow.address, 2n ** 256n - 1n], { account: payer }))
  const deposit = () => escrow.write.deposit([payee, payer.address, 0n, AMOUNT], { account: payer })
  await note('deposit_new_channel', deposit())
  await note('deposit_top_up', deposit())
  const { short } = await authorized(world, payee)
  await note('channel_by_authorization', escrow.write.depositBySignature(short, { account: deployer }))
  const { long } = await authorized(world, payee)
  await note('channel_by_any_signature', escrow.write.depositWithAuthorization(long, { account: deployer }))

  const rows = async (count: number, total: bigint) =>
    concat(await Promise.all(channels.slice(0, count).map(parts => voucherRow(world, parts, total))))
  const redeem = async (count: number, total: bigint) =>
    escrow.write.redeem([payee, await rows(count, total)], { account: deployer })

  await timeAfter(world, 0, 1)
  await note('redeem_one_first_of_payee', redeem(1, parseEther('1')))
  await gasOf(world, redeem(batch, parseEther('2'))) // every channel has been claimed from once
  await note('redeem_one', redeem(1, parseEther('3')))
  await note('redeem_half', redeem(batch / 2, parseEther('5')))
  await note(`redeem_${batch}`, redeem(batch, parseEther('6')))
  gas['redeem_marginal'] = (gas[`redeem_${batch}`]! - gas['redeem_half']!) / (batch / 2)
  delete gas['redeem_half']
  await note('payout_new_recipient', escrow.write.payout([provider.payout], { account: provider.account }))
  await note('burn_fees', escrow.write.burnFees([payee], { account: deployer }))
  await note('thaw', escrow.write.thaw([payee, payer.address, 0n], { account: payer }))
  await timeAfter(world, 1, 1)
  await note('withdraw', escrow.write.withdraw([payee, payer.address, 0n, payer.address], { account: payer }))
  return gas
}

/** Both calls that open a channel whose payer only signed, with a salt like those of the sdk: twelve random bytes. */
async function authorized(world: World, payee: Hex) {
  const { escrow, token } = world
  const payer = await newAccount(world, 2n * AMOUNT)
  const signer = accountOf('session key')
  const salt = hexToBigInt(keccak256(stringToHex('salt'))) >> 160n
  const parts = { payer: payer.address, payee, signer, salt }
  const nonceSalt = numberToHex(DEADLINE, { size: 32 })
  const types = [{ type: 'bytes32' }, { type: 'bytes32' }] as const
  const nonce = keccak256(encodeAbiParameters(types, [channelId(parts), nonceSalt]))
  const signature = await payer.signTypedData({
    domain: { name: 'ARIA', version: '1', chainId: hardhat.id, verifyingContract: token.address },
    types: {
      ReceiveWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'ReceiveWithAuthorization',
    message: {
      ...{ from: payer.address, to: escrow.address, value: AMOUNT },
      ...{ validAfter: 0n, validBefore: DEADLINE, nonce },
    },
  })
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
  const parties = { ...parts, signer: signer.address }
  return {
    short: [parties, AMOUNT, Number(DEADLINE), r, yParityAndS],
    long: [parties, AMOUNT, 0n, DEADLINE, nonceSalt, signature],
  } as const
}
