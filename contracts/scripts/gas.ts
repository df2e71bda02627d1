// Gas of each action as a whole transaction (cold storage, intrinsic cost, calldata), on Hardhat's chain.
//   npm run gas -w contracts [-- --json]
import { concat, type Hex, keccak256, parseEther } from 'viem'
import {
  auditCommitment,
  byAddress,
  type ChannelParts,
  enlist,
  gasOf,
  listModel,
  newAccount,
  type Operator,
  openChannel,
  PROVIDER,
  startWorld,
  timeAfter,
  VERIFIER,
  voucherRow,
  type World,
} from '../test/node/world.ts'

const AMOUNT = parseEther('100')
const BATCH = 50
const PROVIDERS = 10

async function measure(world: World): Promise<Record<string, number>> {
  const gas: Record<string, number> = {}
  const { audits, beacon, escrow, rewards, token, deployment } = world
  const { deployer } = deployment.roles
  const note = async (name: string, hash: Promise<Hex>) => {
    gas[name] = Number(await gasOf(world, hash))
  }

  const root = { root: keccak256('0x01'), tokens: 5_000n, count: 30, model: await listModel(world) }
  const providers: Operator[] = []
  for (let i = 0; i < PROVIDERS; i++) providers.push(await enlist(world, PROVIDER, parseEther('1000')))
  const verifiers: Operator[] = []
  for (let i = 0; i < 3; i++) verifiers.push(await enlist(world, VERIFIER, parseEther('500')))
  const provider = providers[0]!
  const payee = provider.account.address

  const payer = await newAccount(world, 10n * AMOUNT)
  await gasOf(world, token.write.approve([escrow.address, 2n ** 256n - 1n], { account: payer }))
  await note(
    'deposit, new channel',
    escrow.write.deposit([payee, payer.address, 0n, AMOUNT], { account: payer }),
  )
  await note('deposit, top-up', escrow.write.deposit([payee, payer.address, 0n, AMOUNT], { account: payer }))

  const channels: ChannelParts[] = []
  for (let i = 0; i < BATCH; i++) channels.push(await openChannel(world, payee, AMOUNT))
  const rows = async (count: number, total: bigint) =>
    concat(await Promise.all(channels.slice(0, count).map(parts => voucherRow(world, parts, total))))
  const redeem = async (count: number, total: bigint) =>
    escrow.write.redeem([payee, await rows(count, total)], { account: deployer })

  await timeAfter(world, 0, 1)
  await note('redeem 1, first ever of the payee', redeem(1, parseEther('1')))
  await gasOf(world, redeem(BATCH, parseEther('2'))) // every channel has been claimed from once
  await note('redeem 1, steady', redeem(1, parseEther('3')))
  await note('redeem 10', redeem(10, parseEther('4')))
  await note('redeem 25', redeem(25, parseEther('5')))
  await note('redeem 50', redeem(50, parseEther('6')))
  gas['redeem, marginal voucher (25 to 50)'] = Math.round((gas['redeem 50']! - gas['redeem 25']!) / 25)
  await note('payout, new recipient', escrow.write.payout([provider.payout], { account: provider.account }))
  await note('burnFees', escrow.write.burnFees([payee], { account: deployer }))
  await note('thaw', escrow.write.thaw([payee, payer.address, 0n], { account: payer }))

  await timeAfter(world, 1, 0)
  await note('redeem 1, first of an epoch', redeem(1, parseEther('7')))
  for (const { node } of providers) {
    await note('commitRoot', audits.write.commitRoot([1n, root], { account: node }))
  }
  await timeAfter(world, 1, 9)
  const round = await beacon.read.roundOf([1n])
  await note('beacon submit (local)', beacon.write.submit([round, '0x12'], { account: deployer }))
  const salt = keccak256('0x02')
  const verdicts = providers
    .map(each => ({
      provider: each.account.address,
      score: 95,
      capacity: 30,
      digest: keccak256(each.account.address),
    }))
    .sort(byAddress)
  await timeAfter(world, 1, 24)
  for (const { account, node } of verifiers) {
    const commitment = auditCommitment(account.address, 1n, salt, verdicts)
    await note('commitAudit', audits.write.commitAudit([1n, commitment], { account: node }))
  }
  await timeAfter(world, 1, 42)
  let reveals = 0n
  for (const { node } of verifiers) {
    reveals += await gasOf(world, audits.write.revealAudit([1n, salt, verdicts], { account: node }))
  }
  gas[`revealAudit per row (${PROVIDERS} rows, mean of the committee)`] = Number(reveals) / 3 / PROVIDERS
  await timeAfter(world, 1, 54)
  for (const each of providers) {
    await note('finalize', audits.write.finalize([1n, each.account.address, root], { account: deployer }))
  }
  await timeAfter(world, 1, 144)
  await note('claim, opens the pool', rewards.write.claim([1n, payee], { account: deployer }))
  await note('claim', rewards.write.claim([1n, providers[1]!.account.address], { account: deployer }))
  await note(
    'thawed withdraw',
    escrow.write.withdraw([payee, payer.address, 0n, payer.address], { account: payer }),
  )
  return gas
}

const world = await startWorld()
try {
  const gas = await measure(world)
  const rows = Object.entries(gas).map(
    ([name, value]) => `${Math.round(value).toString().padStart(9)}  ${name}`,
  )
  process.stdout.write(
    `${process.argv.includes('--json') ? JSON.stringify(gas, null, 2) : rows.join('\n')}\n`,
  )
} finally {
  await world.stop()
}
