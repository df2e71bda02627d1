import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keccak256, parseEther, stringToHex } from 'viem'
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

// Rewards as protocol.md writes them, in plain bigint arithmetic, against what the contracts pay. The reference reads
// nothing from Rewards: only stakes, scores and fees that the test itself brought about.
const BPS = 10_000n
const PPM = 1_000_000n
const GWEI = 1_000_000_000n
const SALT = keccak256(stringToHex('salt'))
const SEED = 'rewards 1'
/** Claims of an epoch open in the third one after it. */
const EPOCHS = [1n, 4n, 7n]

interface Deed {
  readonly stake: bigint
  readonly score: number
  readonly capacity: number
  /** Of public channels, redeemed and burnt in the epoch. */
  readonly redeemed: bigint
  readonly hasRoot: boolean
}

let world: World
let providers: Operator[]
let verifiers: Operator[]
const stakes = ['30000', '1000', '250000', '4321.000000000000000001'].map(each => parseEther(each))

before(async () => {
  world = await startWorld()
  providers = []
  verifiers = []
  for (const stake of stakes) providers.push(await enlist(world, PROVIDER, stake))
  for (let i = 0; i < 3; i++) verifiers.push(await enlist(world, VERIFIER, parseEther('500')))
})
after(() => world.stop())

test('rewards are those of the formula in TypeScript, to the wei', async () => {
  const { audits, rewards, escrow, beacon, deployment } = world
  const account = deployment.roles.deployer
  const model = await listModel(world)
  let minted = 0n
  for (const epoch of EPOCHS) {
    const deeds = providers.map((_, index) => deedOf(epoch, index))
    const root = { root: keccak256('0x01'), tokens: 500n, count: 3, model }
    await timeAfter(world, Number(epoch) - 1, 1)
    for (const [index, { redeemed }] of deeds.entries()) {
      const payee = providers[index]!.account.address
      const channel = await openChannel(world, payee, redeemed)
      await gasOf(
        world,
        escrow.write.redeem([payee, await voucherRow(world, channel, redeemed)], { account }),
      )
      await gasOf(world, escrow.write.burnFees([payee], { account }))
    }
    await timeAfter(world, Number(epoch), 0)
    for (const [index, { hasRoot }] of deeds.entries())
      if (hasRoot)
        await gasOf(world, audits.write.commitRoot([epoch, root], { account: providers[index]!.node }))
    await timeAfter(world, Number(epoch), 9)
    await gasOf(world, beacon.write.submit([await beacon.read.roundOf([epoch]), `0x0${epoch}`], { account }))
    await audit(epoch, deeds)
    await timeAfter(world, Number(epoch), 54)
    for (const { account: operator } of providers)
      await gasOf(world, audits.write.finalize([epoch, operator.address, root], { account }))

    await timeAfter(world, Number(epoch), 144)
    const expected = reference(deeds, minted)
    for (const [index, operator] of providers.entries()) {
      const actual = await rewards.read.rewardOf([epoch, operator.account.address])
      assert.deepEqual([...actual], expected.providers[index], `provider ${index}, epoch ${epoch}`)
      const due = expected.providers[index]!.reduce((sum, part) => sum + part)
      if (due > 0n) await gasOf(world, rewards.write.claim([epoch, operator.account.address], { account }))
      minted += due
    }
    for (const { account: operator } of verifiers) {
      const [, , verification] = await rewards.read.rewardOf([epoch, operator.address])
      assert.equal(verification, expected.verifier)
    }
    await gasOf(world, rewards.write.claimTreasury([epoch], { account }))
    minted += expected.treasury
    assert.equal(await world.token.read.minted(), minted, `minted after epoch ${epoch}`)
  }
})

async function audit(epoch: bigint, deeds: readonly Deed[]): Promise<void> {
  const { audits } = world
  const rows: AuditRow[] = providers
    .map(({ account }, index) => ({
      provider: account.address,
      score: deeds[index]!.score,
      capacity: deeds[index]!.capacity,
      digest: keccak256('0x02'),
    }))
    .sort(byAddress)
  await timeAfter(world, Number(epoch), 24)
  for (const { account, node } of verifiers) {
    const commitment = auditCommitment(account.address, epoch, SALT, rows)
    await gasOf(world, audits.write.commitAudit([epoch, commitment], { account: node }))
  }
  await timeAfter(world, Number(epoch), 42)
  for (const { node } of verifiers)
    await gasOf(world, audits.write.revealAudit([epoch, SALT, rows], { account: node }))
}

/** From the seed alone: the same in every run. */
function deedOf(epoch: bigint, index: number): Deed {
  const hash = keccak256(stringToHex(`${SEED} ${epoch} ${index}`))
  const part = (at: number, size: number): bigint => BigInt(`0x${hash.slice(2 + at, 2 + at + size)}`)
  return {
    stake: stakes[index]!,
    score: 85 + Number(part(0, 8) % 16n),
    capacity: 1 + Number(part(8, 8) % 255n),
    redeemed: 1n + (part(16, 24) % parseEther('5000')),
    hasRoot: part(40, 8) % 4n !== 0n,
  }
}

interface Expected {
  /** Availability, work, verification of each. */
  readonly providers: bigint[][]
  readonly verifier: bigint
  readonly treasury: bigint
}

function reference(deeds: readonly Deed[], minted: bigint): Expected {
  const { rewards, audits, escrow } = world.deployment.params
  const [tau, kappaBps] = [BigInt(rewards.tau), BigInt(rewards.split.kappaBps)]
  const feePpm = BigInt(escrow.feePpm)

  const emission = ((parseEther('600000000') - minted) * BigInt(rewards.ratePpm)) / PPM
  const pool = (bps: number): bigint => (emission * BigInt(bps)) / BPS
  const fees = deeds.map(({ redeemed }) => ceilDiv(redeemed * feePpm, PPM))
  const publicFees = fees.map(fee => (fee / GWEI) * GWEI)
  const feeTotal = publicFees.reduce((sum, fee) => sum + fee, 0n)
  const weights = deeds.map(({ stake, score, capacity }) =>
    score < 90 ? 0n : least(stake, BigInt(capacity) * audits.capacityUnit) * BigInt(score),
  )
  const weightTotal = weights.reduce((sum, weight) => sum + weight, 0n)
  const ofProviders = deeds.map(({ stake, score, hasRoot }, index) => {
    const weight = weights[index]!
    if (weight === 0n) return [0n, 0n, 0n]
    const fee = least(publicFees[index]!, ((stake / tau) * feePpm) / PPM)
    const rebate = (fee * kappaBps * BigInt(score)) / (BPS * 100n)
    const work =
      hasRoot && publicFees[index]! > 0n ? least(rebate, (pool(rewards.split.workBps) * fee) / feeTotal) : 0n
    return [(pool(rewards.split.availabilityBps) * weight) / weightTotal, work, 0n]
  })
  return {
    providers: ofProviders,
    verifier: pool(rewards.split.verificationBps) / BigInt(verifiers.length),
    treasury: pool(rewards.split.treasuryBps),
  }
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
