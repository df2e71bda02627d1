import { recoverAddress as recoverByViem, toHex as viemHex } from 'viem'
import { privateKeyToAddress, sign as signByViem } from 'viem/accounts'
import { expect, test } from 'vitest'
import { keccak, keySigner, toHex, uintBytes } from '../protocol/index.ts'
import { recoverAddress } from '../protocol/secp256k1.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const bytesOf = (at: number, what: number) => keccak(uintBytes(at, 4), uintBytes(what, 4))

test('signatures and addresses are, bit for bit, those of an independent implementation', async () => {
  for (let at = 0; at < 64; at++) {
    const [key, hash] = [bytesOf(at, 1), bytesOf(at, 2)]
    const signer = keySigner(toHex(key))
    const signature = await signer.sign(toHex(hash))

    expect(signer.address).toBe(privateKeyToAddress(toHex(key)).toLowerCase())
    expect(signature).toBe(await signByViem({ hash: toHex(hash), privateKey: toHex(key), to: 'hex' }))
    const parts = Uint8Array.from(Buffer.from(signature.slice(2), 'hex'))
    expect(recoverAddress(hash, parts)).toBe(signer.address)
    const other = bytesOf(at, 3)
    const expected = await recoverByViem({ hash: viemHex(other), signature })
    expect(recoverAddress(other, parts)).toBe(expected.toLowerCase())
  }
})

test.each([
  ['r of zero', 0n, 1n],
  ['r of the order', ORDER, 1n],
  ['s of zero', 1n, 0n],
  ['s of the order', 1n, ORDER],
  ['an r that is on no point', 5n, 1n],
])('%s recovers nobody', (_what, r, s) => {
  const signature = new Uint8Array([...uintBytes(r, 32), ...uintBytes(s, 32), 27])
  expect(recoverAddress(bytesOf(0, 0), signature)).toBeUndefined()
})

test.each([
  ['the key zero', 0n],
  ['the order', ORDER],
])('%s is no key', (_what, key) => {
  expect(() => keySigner(toHex(uintBytes(key, 32)))).toThrow(expect.objectContaining({ code: 'bad_config' }))
})

test('the keys next to the bounds are keys', () => {
  for (const key of [1n, ORDER - 1n]) {
    const hex = toHex(uintBytes(key, 32))
    expect(keySigner(hex).address).toBe(privateKeyToAddress(hex).toLowerCase())
  }
})
