import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Hex, keccak256, parseEther, stringToHex } from 'viem'
import {
  type AuditRow,
  auditCommitment,
  byAddress,
  enlist,
  gasOf,
  listModel,
  type Operator,
  openChannel,
  PROVIDER,
  startWorld,
  timeAfter,
  VERIFIER,
  voucherRow,
  type World,
} from './world.ts'

const EPOCH = 1n
const SALT = keccak256(stringToHex('salt'))

let world: World
let honest: Operator
let tamperer: Operator
let verifiers: Operator[]

before(async () => {
  world = await startWorld()
  honest = await enlist(world, PROVIDER, parseEther('30000'))
  tamperer = await enlist(world, PROVIDER, parseEther('1000'))
  verifiers = []
  for (let i = 0; i < 3; i++) verifiers.push(await enlist(world, VERIFIER, parseEther('2000')))
})
after(() => world.stop())

test('an epoch runs from receipts to rewards', async () => {
  const { audits, beacon, escrow, rewards, token, deployment } = world
  const { deployer } = deployment.roles
  const root = { root: keccak256('0x01'), tokens: 500n, count: 3, model: await listModel(world) }

  // Epoch 1: a client pays the honest provider, which redeems.
  const channel = await openChannel(world, honest.account.address, parseEther('100'))
  await timeAfter(world, 0, 1)
  const row = await voucherRow(world, channel, parseEther('40'))
  await gasOf(world, escrow.write.redeem([honest.account.address, row], { account: deployer }))
  const fee = parseEther('2')
  assert.equal(await escrow.read.owed([honest.account.address]), parseEther('38'))
  await gasOf(world, escrow.write.burnFees([honest.account.address], { account: deployer }))
  assert.equal(await escrow.read.fees([honest.account.address, EPOCH]), fee)

  // After it: roots, then randomness, then the committee is known.
  await timeAfter(world, 1, 0)
  for (const { node } of [honest, tamperer]) {
    await gasOf(world, audits.write.commitRoot([EPOCH, root], { account: node }))
  }
  await assert.rejects(audits.read.committee([EPOCH, honest.account.address]))
  await timeAfter(world, 1, 9)
  const round = await beacon.read.roundOf([EPOCH])
  await gasOf(world, beacon.write.submit([round, '0x1234'], { account: deployer }))
  const committee = await audits.read.committee([EPOCH, honest.account.address])
  assert.deepEqual([...committee].sort(), verifiers.map(each => each.account.address).sort())

  // Verifiers commit, reveal; scores are final.
  const rows: AuditRow[] = [
    { provider: honest.account.address, score: 97, capacity: 30, digest: keccak256('0x02') },
    { provider: tamperer.account.address, score: 0, capacity: 1, digest: keccak256('0x03') },
  ].sort(byAddress)
  await timeAfter(world, 1, 24)
  for (const { account, node } of verifiers) {
    const commitment = auditCommitment(account.address, EPOCH, SALT, rows)
    await gasOf(world, audits.write.commitAudit([EPOCH, commitment], { account: node }))
  }
  await timeAfter(world, 1, 42)
  for (const { node } of verifiers)
    await gasOf(world, audits.write.revealAudit([EPOCH, SALT, rows], { account: node }))
  await timeAfter(world, 1, 54)
  for (const { provider } of rows)
    await gasOf(world, audits.write.finalize([EPOCH, provider, root], { account: deployer }))
  assert.equal((await audits.read.resultOf([EPOCH, honest.account.address])).score, 97)
  assert.equal(await audits.read.weightOf([EPOCH, tamperer.account.address]), 0n)

  // Rewards: the whole availability pool, the rebate of the burnt fee, a third of the verification pool each.
  await timeAfter(world, 1, 144)
  const emission = (await rewards.read.poolOf([EPOCH])).emission
  assert.equal(emission, (parseEther('600000000') * 949n) / 1_000_000n)
  await claim(honest)
  for (const verifier of verifiers) await claim(verifier)
  await assert.rejects(claim(tamperer), /NothingToClaim/)
  await assert.rejects(claim(honest), /AlreadyClaimed/)
  await gasOf(world, rewards.write.claimTreasury([EPOCH], { account: deployer }))

  const work = (fee * 8_000n * 97n) / 1_000_000n
  assert.equal(await token.read.balanceOf([honest.payout]), emission / 2n + work)
  assert.equal(await token.read.balanceOf([verifiers[0]!.payout]), emission / 4n / 3n)

  // The provider is paid, the money adds up.
  await gasOf(world, escrow.write.payout([honest.payout], { account: honest.account }))
  assert.equal(await token.read.balanceOf([escrow.address]), parseEther('60'))
})

async function claim(operator: Operator): Promise<Hex> {
  const { rewards, deployment } = world
  const hash = await rewards.write.claim([EPOCH, operator.account.address], {
    account: deployment.roles.deployer,
  })
  await gasOf(world, hash)
  return hash
}
