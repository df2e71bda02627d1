import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hashTypedData, keccak256, numberToHex, stringToHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { eip712TypeStrings } from '../../../sdk/protocol/abi/index.ts'
import { redeemRow, channelId as sdkChannelId, toHex } from '../../../sdk/protocol/index.ts'
import { channelId, startWorld, VOUCHER_TYPES, voucherRow, voucherTypedData, type World } from './world.ts'

const CASES = 50

let world: World

before(async () => {
  world = await startWorld()
})
after(() => world.stop())

function randomParts(seed: number) {
  const key = (name: string) => privateKeyToAccount(keccak256(stringToHex(`${name} ${seed}`)))
  const salt = BigInt(keccak256(numberToHex(seed))) >> 160n
  return { payer: key('payer').address, payee: key('payee').address, signer: key('signer'), salt }
}

test('the type hashes in the contracts are those of the type strings', async () => {
  assert.equal(await world.escrow.read.VOUCHER_TYPEHASH(), keccak256(stringToHex(eip712TypeStrings.Voucher)))
  assert.equal(
    await world.staking.read.NODE_KEY_TYPEHASH(),
    keccak256(stringToHex(eip712TypeStrings.NodeKey)),
  )
  const members = VOUCHER_TYPES.Voucher.map(({ name, type }) => `${type} ${name}`).join(',')
  assert.equal(eip712TypeStrings.Voucher, `Voucher(${members})`)
})

test('Solidity, viem and the sdk agree on channel ids, voucher digests and rows', async () => {
  for (let seed = 0; seed < CASES; seed++) {
    const parts = randomParts(seed)
    const total = BigInt(keccak256(numberToHex(seed + CASES))) >> 160n
    const { payer, payee, signer, salt } = parts
    const id = channelId(parts)
    const sdkParts = { payer, signer: signer.address, salt }
    assert.equal(await world.escrow.read.channelId([payer, payee, signer.address, salt]), id, `seed ${seed}`)
    assert.equal(sdkChannelId(sdkParts, payee), id, `seed ${seed}`)

    const typed = voucherTypedData(world, parts, total)
    assert.equal(await world.escrow.read.voucherDigest([id, total]), hashTypedData(typed), `seed ${seed}`)
    const signature = await signer.signTypedData(typed)
    assert.equal(
      toHex(redeemRow(sdkParts, { total, signature })),
      (await voucherRow(world, parts, total)).toLowerCase(),
    )
  }
})

test('every field of the domain and of the voucher changes the digest', () => {
  const typed = voucherTypedData(world, randomParts(1), 5n)
  const { domain, message } = typed
  const other = privateKeyToAccount(generatePrivateKey()).address
  const changed = [
    { ...typed, domain: { ...domain, name: 'ARIA Jobs' } },
    { ...typed, domain: { ...domain, version: '2' } },
    { ...typed, domain: { ...domain, chainId: 1 } },
    { ...typed, domain: { ...domain, verifyingContract: other } },
    { ...typed, message: { ...message, channelId: keccak256('0x01') } },
    { ...typed, message: { ...message, maxClaimableAmount: 6n } },
  ].map(each => hashTypedData(each as typeof typed))
  assert.equal(new Set([hashTypedData(typed), ...changed]).size, changed.length + 1)
})
