import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import hre from 'hardhat'
import { getContract, type Hex, hexToBytes, keccak256, toFunctionSelector, toHex } from 'viem'
import { beaconAbi } from '../../../sdk/protocol/abi/index.ts'
import { FIELD, INFINITY, point, pointOutsideSubgroup, ROUNDS, uncompressed, verifies } from './quicknet.ts'

// A whole transaction: intrinsic cost, calldata, the first write of the round's slot.
const GAS_MAX = 190_000n
const DAY = 86_400
const GENESIS = 1_700_000_000
const TIMETABLE = {
  genesis: GENESIS,
  epoch: DAY,
  rootEnd: 7_200,
  randAt: 9_000,
  auditStart: 28_800,
  auditEnd: 50_400,
  revealEnd: 64_800,
  finalizeEnd: 151_200,
  claimAt: 172_800,
}

// Hardhat's message has the selector only.
const ALREADY_SUBMITTED = new RegExp(toFunctionSelector('AlreadySubmitted(uint64)').slice(2))

const connection = await hre.network.create()
const client = await connection.viem.getPublicClient()
const [wallet] = await connection.viem.getWalletClients()
type DeployParameters = Parameters<NonNullable<typeof wallet>['deployContract']>[0]
type Beacon = Awaited<ReturnType<typeof deployBeacon>>
let beacon: Beacon

async function deployBeacon(timetable = TIMETABLE) {
  const artifact = await hre.artifacts.readArtifact('Beacon')
  const hash = await wallet!.deployContract({ ...artifact, args: [timetable] } as DeployParameters)
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  return getContract({
    address: contractAddress!,
    abi: beaconAbi,
    client: { public: client, wallet: wallet! },
  })
}

before(async () => {
  beacon = await deployBeacon()
})
after(() => connection.close())

const [round1000, signature1000] = ROUNDS.find(([round]) => round === 1000n)!
const refused = (round: bigint, signature: Hex) =>
  assert.rejects(beacon.simulate.submit([round, signature]), /BadBeacon/)

test('real rounds of quicknet verify here as they do in another implementation', async () => {
  for (const [round, signature] of ROUNDS) {
    assert.ok(verifies(round, signature), `noble, round ${round}`)
    const hash = await beacon.write.submit([round, uncompressed(signature)])
    const receipt = await client.waitForTransactionReceipt({ hash })
    assert.equal(await beacon.read.valueOf([round]), keccak256(uncompressed(signature)))
    assert.ok(receipt.gasUsed <= GAS_MAX, `${receipt.gasUsed} gas`)
  }
  await assert.rejects(beacon.simulate.submit([round1000, uncompressed(signature1000)]), ALREADY_SUBMITTED)
})

test('a signature of another round, or of nothing, is refused', async () => {
  const fresh = await deployBeacon()
  const wrong = uncompressed(signature1000)
  assert.ok(!verifies(999n, signature1000))
  await assert.rejects(fresh.simulate.submit([999n, wrong]), /BadBeacon/)
  await assert.rejects(fresh.simulate.submit([1001n, wrong]), /BadBeacon/)
  await assert.rejects(fresh.simulate.submit([2n ** 64n - 1n, wrong]), /BadBeacon/)
  assert.equal(await fresh.read.valueOf([999n]), toHex(0, { size: 32 }))
})

test('every mutated byte of a signature is refused', async () => {
  const bytes = hexToBytes(uncompressed(ROUNDS[0]![1]))
  for (const at of [0, 15, 16, 40, 63, 64, 79, 80, 100, 127]) {
    const mutated = Uint8Array.from(bytes)
    mutated[at]! ^= 1
    await refused(2n, toHex(mutated))
  }
})

test('the negated point, infinity, points outside the subgroup and other lengths are refused', async () => {
  const signature = uncompressed(signature1000)
  const x = BigInt(signature.slice(0, 130))
  const y = BigInt(`0x${signature.slice(130)}`)
  const fresh = await deployBeacon()
  const bad = [
    point(x, FIELD - y), // the other square root: a valid point, the wrong signature
    point(x + FIELD, y), // the same point, not canonical
    point(x, y + FIELD),
    INFINITY,
    pointOutsideSubgroup(),
    '0x' as Hex,
    signature.slice(0, -2) as Hex,
    `${signature}00` as Hex,
  ]
  for (const each of bad) await assert.rejects(fresh.simulate.submit([1000n, each]), /BadBeacon/)
  await fresh.write.submit([1000n, signature])
})

test("the round of an epoch is the first one that starts after the epoch's roots", async () => {
  for (const epoch of [0n, 1n, 7n, 1_000n]) {
    const earliest = GENESIS + (Number(epoch) + 1) * DAY + 9_000
    const round = Number(await beacon.read.roundOf([epoch]))
    const start = 1_692_803_367 + (round - 1) * 3
    assert.ok(start >= earliest && start < earliest + 3)
    await assert.rejects(beacon.read.rand([epoch]), /NotYet/)
  }
  assert.equal(await beacon.read.roundAt([0n]), 1n)
  assert.equal(await beacon.read.roundAt([1_692_803_367n]), 1n)
  assert.equal(await beacon.read.roundAt([1_692_803_368n]), 2n)
  assert.equal(await beacon.read.roundAt([1_692_803_370n]), 2n)
})

test('a genesis before drand is refused', async () => {
  const early = { ...TIMETABLE, genesis: 1_692_803_366 }
  await assert.rejects(deployBeacon(early), /BadTimetable/)
})

test('the randomness of an epoch is the value of its round', async () => {
  // Epoch 0 ends so that round 14517013 is the first one at its end + randAt.
  const start = 1_692_803_367 + (14_517_013 - 1) * 3
  const fresh = await deployBeacon({ ...TIMETABLE, genesis: start - DAY - 9_000 })
  const [round, signature] = ROUNDS.at(-1)!
  assert.equal(await fresh.read.roundOf([0n]), round)
  await assert.rejects(fresh.read.rand([0n]), /NotYet/)
  await fresh.write.submit([round, uncompressed(signature)])
  assert.equal(await fresh.read.rand([0n]), keccak256(uncompressed(signature)))
})
