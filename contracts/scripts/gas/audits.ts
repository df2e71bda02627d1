import { type Hex, keccak256, parseEther } from 'viem'
import {
  auditCommitment,
  byAddress,
  enlist,
  gasOf,
  listModel,
  type Operator,
  openChannel,
  PROVIDER,
  timeAfter,
  VERIFIER,
  voucherRow,
  type World,
} from '../../test/node/world.ts'

const PROVIDERS = 20
const SALT = keccak256('0x02')
/** The first is not measured: from the third on, ballots, bitmaps and balances are in use, as they are from then on. */
const EPOCHS = [3, 7]

/** An epoch's roots, audits and rewards. Starts in epoch 1. */
export async function measureAudits(world: World): Promise<Record<string, number>> {
  const model = await listModel(world)
  const providers: Operator[] = []
  for (let i = 0; i < PROVIDERS; i++) providers.push(await enlist(world, PROVIDER, parseEther('1000')))
  const verifiers: Operator[] = []
  for (let i = 0; i < 3; i++) verifiers.push(await enlist(world, VERIFIER, parseEther('500')))
  let gas: Record<string, number> = {}
  for (const epoch of EPOCHS) gas = await measureEpoch(world, epoch, model, providers, verifiers)
  return gas
}

async function measureEpoch(
  world: World,
  epoch: number,
  model: Hex,
  providers: readonly Operator[],
  verifiers: readonly Operator[],
): Promise<Record<string, number>> {
  const gas: Record<string, number> = {}
  const { audits, beacon, escrow, rewards, deployment } = world
  const { deployer } = deployment.roles
  const account = { account: deployer }
  const note = async (name: string, hash: Promise<Hex>) => {
    gas[name] = Number(await gasOf(world, hash))
  }
  const e = BigInt(epoch)
  const root = { root: keccak256('0x01'), tokens: 5_000n, count: 30, model }

  await timeAfter(world, epoch - 1, 1)
  for (const { account: payee } of providers.slice(0, 2)) {
    const channel = await openChannel(world, payee.address, parseEther('100'), e)
    const row = await voucherRow(world, channel, parseEther('40'))
    await gasOf(world, escrow.write.redeem([payee.address, row], account))
    await gasOf(world, escrow.write.burnFees([payee.address], account))
  }
  await timeAfter(world, epoch, 0)
  for (const { node } of providers) {
    await note('commit_root', audits.write.commitRoot([e, root], { account: node }))
  }
  await timeAfter(world, epoch, 9)
  await gasOf(world, beacon.write.submit([await beacon.read.roundOf([e]), '0x12'], account))
  await note('seat', audits.write.seat([e, providers.map(each => each.account.address)], account))
  gas['seat_provider'] = gas['seat']! / PROVIDERS
  delete gas['seat']

  const verdicts = providers
    .map(each => ({
      ...{ provider: each.account.address, score: 95, capacity: 30 },
      digest: keccak256(each.account.address),
    }))
    .sort(byAddress)
  const reveals = [verdicts.slice(0, PROVIDERS / 2), verdicts.slice(0, PROVIDERS / 2), verdicts]
  await timeAfter(world, epoch, 24)
  for (const [at, verifier] of verifiers.entries()) {
    const commitment = auditCommitment(verifier.account.address, e, SALT, reveals[at]!)
    await note('commit_audit', audits.write.commitAudit([e, commitment], { account: verifier.node }))
  }
  await timeAfter(world, epoch, 42)
  const costs: number[] = []
  for (const [at, { node }] of verifiers.entries()) {
    const hash = audits.write.revealAudit([e, SALT, reveals[at]!], { account: node })
    costs.push(Number(await gasOf(world, hash)))
  }
  gas[`reveal_${PROVIDERS / 2}_rows`] = costs[1]!
  gas['reveal_row'] = (costs[2]! - costs[1]!) / (PROVIDERS / 2)

  await timeAfter(world, epoch, 54)
  for (const { provider } of verdicts) {
    await note('finalize', audits.write.finalize([e, provider, root], account))
  }
  await timeAfter(world, epoch, 144)
  await note('claim_first_of_epoch', rewards.write.claim([e, providers[0]!.account.address], account))
  await note('claim', rewards.write.claim([e, providers[1]!.account.address], account))
  await note('claim_verifier', rewards.write.claim([e, verifiers[0]!.account.address], account))
  return gas
}
