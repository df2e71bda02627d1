import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Address,
  concat,
  encodeAbiParameters,
  type Hex,
  hashTypedData,
  hexToBigInt,
  keccak256,
  numberToHex,
  parseEther,
  stringToHex,
} from 'viem'
import { eip712TypeStrings } from '../../../sdk/protocol/abi/index.ts'
import { digest, members, type Receipt, toHex } from '../../../sdk/protocol/index.ts'
import {
  enlist,
  gasOf,
  newAccount,
  type Operator,
  PROVIDER,
  startWorld,
  timeAfter,
  VERIFIER,
  type World,
} from './world.ts'

/** Seeds of the committee draw; each draws for two subjects and two sizes. */
const SEEDS = 100
const MAX_PROBES = 32
/** A whole transaction, the first case of its parties. */
const OPEN_GAS_MAX = 170_000n
const WRONG_OUTPUT = 1

let world: World
let provider: Operator
let verifiers: Operator[]

before(async () => {
  world = await startWorld()
  provider = await enlist(world, PROVIDER, parseEther('1000'))
  verifiers = []
  for (const slots of [1, 2, 3, 1, 5, 20]) {
    verifiers.push(await enlist(world, VERIFIER, parseEther('500') * BigInt(slots)))
  }
  await timeAfter(world, 0, 0)
})
after(() => world.stop())

const zero = toHex(new Uint8Array(32))

function receiptAt(endedAt: number): Receipt {
  return {
    ...{ requestHash: zero, modelId: zero, promptCommit: zero, outputRoot: zero, samplingHash: zero },
    ...{ seed: 1n, inputTokens: 3, outputTokens: 5, cumulativeDue: 7n, finish: 1, flags: 1 },
    ...{ startedAt: endedAt - 1, endedAt },
  }
}

test('a receipt that the sdk signed opens the case that its digest names, within the gas goal', async () => {
  const { charges, court, token, deployment, client } = world
  const { escrow, audits } = deployment.contracts
  const receipt = receiptAt(Number((await client.getBlock()).timestamp))
  const hash = digest('Receipt', receipt, { chainId: 31_337, escrow, audits })
  const signature = await provider.node.sign({ hash })
  const challenger = await newAccount(world, parseEther('1000'))
  await gasOf(world, token.write.approve([court.address, 2n ** 256n - 1n], { account: challenger }))

  const gas = await gasOf(
    world,
    charges.write.accuseWrongOutput([receipt, signature, zero], { account: challenger }),
  )
  const id = keccak256(encodeAbiParameters([{ type: 'uint8' }, { type: 'bytes32' }], [WRONG_OUTPUT, hash]))
  const opened = await court.read.cases([id])
  assert.equal(opened.accused, provider.account.address)
  assert.ok(gas <= OPEN_GAS_MAX, `${gas} gas`)
})

test('every field of a receipt and of its domain changes the digest', () => {
  const { audits } = world.deployment.contracts
  const typed = {
    domain: { name: 'ARIA Jobs', version: '1', chainId: 31_337, verifyingContract: audits },
    types: { Receipt: members('Receipt') },
    primaryType: 'Receipt',
    message: receiptAt(1_000) as unknown as Record<string, unknown>,
  } as const
  const changed = [
    { ...typed, domain: { ...typed.domain, name: 'ARIA Court' } },
    { ...typed, domain: { ...typed.domain, version: '2' } },
    { ...typed, domain: { ...typed.domain, chainId: 1 } },
    { ...typed, domain: { ...typed.domain, verifyingContract: provider.payout } },
    ...members('Receipt').map(({ name, type }) => ({
      ...typed,
      message: { ...typed.message, [name]: type === 'bytes32' ? keccak256('0x01') : 99 },
    })),
  ].map(each => hashTypedData(each))
  assert.equal(new Set([hashTypedData(typed), ...changed]).size, 4 + 13 + 1)
  const fields = members('Receipt').map(({ name, type }) => `${type} ${name}`)
  assert.equal(eip712TypeStrings.Receipt, `Receipt(${fields.join(',')})`)
})

test('the type hashes of the court and of the token are those of their type strings', async () => {
  const complaint = 'Complaint(uint256 epoch,address provider,uint256 sample)'
  assert.equal(await world.charges.read.COMPLAINT_TYPEHASH(), keccak256(stringToHex(complaint)))
  const { token } = world
  const typehash = await token.read.DOMAIN_SEPARATOR()
  assert.equal(
    typehash,
    keccak256(
      encodeAbiParameters(
        [
          { type: 'bytes32' },
          { type: 'bytes32' },
          { type: 'bytes32' },
          { type: 'uint256' },
          { type: 'address' },
        ],
        [
          keccak256(stringToHex(eip712TypeStrings.EIP712Domain)),
          keccak256(stringToHex('ARIA')),
          keccak256(stringToHex('1')),
          31_337n,
          token.address,
        ],
      ),
    ),
  )
})

interface Holder {
  readonly operator: Address
  readonly payout: Address
}

/** The draw as IStaking describes it, written from the description. */
function draw(slots: readonly Holder[], seed: Hex, subject: Holder, count: number): Address[] {
  const drawn: Address[] = []
  for (let k = 0; k < count; k++) {
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const hash = keccak256(
        concat([seed, subject.operator, numberToHex(k, { size: 32 }), numberToHex(probe, { size: 32 })]),
      )
      const holder = slots[Number(hexToBigInt(hash) % BigInt(slots.length))]!
      const related = holder.operator === subject.operator || holder.payout === subject.payout
      if (related || drawn.includes(holder.operator)) continue
      drawn.push(holder.operator)
      break
    }
  }
  return drawn
}

test('Solidity and TypeScript draw the same committees', async () => {
  const { staking } = world
  const payouts = new Map(verifiers.map(({ account, payout }) => [account.address, payout]))
  const slots: Holder[] = []
  for (let index = 0n; index < (await staking.read.slotsLength([1n])); index++) {
    const { operator } = await staking.read.slots([index])
    slots.push({ operator, payout: payouts.get(operator)! })
  }
  assert.equal(slots.length, 32)
  const subjects = [provider, verifiers[5]!].map(({ account, payout }) => ({
    operator: account.address,
    payout,
  }))
  for (let i = 0; i < SEEDS; i++) {
    const seed = keccak256(numberToHex(i))
    for (const subject of subjects) {
      for (const count of [3, 15]) {
        const expected = draw(slots, seed, subject, count)
        const actual = await staking.read.draw([seed, subject.operator, 1n, BigInt(count)])
        assert.deepEqual(actual, expected, `seed ${i}`)
      }
    }
  }
})
