import { encodeAbiParameters, keccak256, parseAbiParameters, recoverAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import {
  ARIA,
  AriaError,
  channelId,
  channelSalt,
  concat,
  digest,
  formatAria,
  fromHex,
  type Hex,
  isPrivateSalt,
  keccakHex,
  keySigner,
  leafAt,
  OutputCommitment,
  outputRoot,
  parseAria,
  perToken,
  promptCommit,
  redeemRow,
  requestId,
  type SumNode,
  samplePosition,
  signStruct,
  sumFromProof,
  sumLeaf,
  sumProof,
  sumRoot,
  toHex,
  uintBytes,
  ZERO_HASH,
} from '../protocol/index.ts'
import { DEPLOYED } from './helpers/deployment.ts'
import { below, seeded } from './helpers/random.ts'

const sequence = (length: number) => Uint32Array.from({ length }, (_, at) => at * 7 + 1)

describe('an output commitment', () => {
  test('is the same token by token, chunk by chunk and all at once', () => {
    const random = seeded(3)
    for (const length of [0, 1, 63, 64, 65, 127, 128, 129, 192, 193, 320, 1000]) {
      const output = sequence(length)
      const running = new OutputCommitment()
      for (let at = 0; at < length; ) {
        const step = 1 + below(random, 70)
        running.append(output.slice(at, at + step))
        at += step
        expect(running.root()).toBe(outputRoot(output.slice(0, Math.min(at, length))))
      }
      expect(running.count).toBe(length)
      expect(running.root()).toBe(outputRoot(output))
    }
  })

  test('of nothing is zero, of one chunk its leaf', () => {
    expect(outputRoot(new Uint32Array(0))).toBe(ZERO_HASH)
    const leaf = keccakHex(Uint8Array.of(0), uintBytes(0, 4), Uint8Array.of(5, 0, 0, 0, 0, 1, 0, 0))
    expect(outputRoot(Uint32Array.of(5, 256))).toBe(leaf)
  })

  test('changes with any token, its place and the count', () => {
    const output = sequence(130)
    const changed = [0, 63, 64, 129].map(at => {
      const other = output.slice()
      other[at]! += 1
      return outputRoot(other)
    })
    const roots = [
      outputRoot(output),
      ...changed,
      outputRoot(output.slice(1)),
      outputRoot(output.slice(0, 129)),
    ]

    expect(new Set(roots).size).toBe(roots.length)
  })
})

test('a prompt commitment hides behind its salt and binds the tokens', () => {
  const salt = new Uint8Array(32).fill(1)
  const commits = [
    promptCommit(salt, Uint32Array.of(1, 2)),
    promptCommit(salt, Uint32Array.of(2, 1)),
    promptCommit(new Uint8Array(32), Uint32Array.of(1, 2)),
  ]

  expect(new Set(commits).size).toBe(3)
  expect(commits[0]).toBe(keccakHex(salt, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0)))
})

describe('a Merkle-sum tree', () => {
  const leaves = (count: number): SumNode[] =>
    Array.from({ length: count }, (_, at) => sumLeaf(keccakHex(uintBytes(at, 4)), BigInt(at % 5)))

  test('proves every leaf, its place and the tokens before it', () => {
    for (let count = 1; count <= 20; count++) {
      const all = leaves(count)
      const root = sumRoot(all)
      expect(root.sum).toBe(all.reduce((sum, leaf) => sum + leaf.sum, 0n))
      let before = 0n
      for (const [at, leaf] of all.entries()) {
        const proof = sumProof(all, at)
        expect(sumFromProof(leaf, at, count, proof)).toEqual({ root, before })
        before += leaf.sum
      }
    }
  })

  test('a wrong place, sum, sibling or length proves something else', () => {
    const all = leaves(7)
    const root = sumRoot(all).hash
    const proof = sumProof(all, 3)
    const leaf = all[3]!
    const wrong = [
      sumFromProof(leaf, 2, 7, proof),
      sumFromProof({ ...leaf, sum: leaf.sum + 1n }, 3, 7, proof),
      sumFromProof(leaf, 3, 7, [{ ...proof[0]!, sum: 99n }, ...proof.slice(1)]),
      sumFromProof(leaf, 3, 7, proof.slice(1)),
      sumFromProof(leaf, 3, 7, [...proof, proof[0]!]),
      sumFromProof(leaf, 7, 7, proof),
      sumFromProof(leaf, -1, 7, proof),
    ]

    for (const result of wrong) expect(result?.root.hash).not.toBe(root)
  })

  test('a proof whose sums overflow proves nothing, instead of failing the auditor', () => {
    const forged = { hash: sumRoot(leaves(2)).hash, sum: 2n ** 64n - 1n }

    expect(sumFromProof(leaves(1)[0]!, 0, 3, [forged, forged])).toBeUndefined()
  })

  test('every token position belongs to the leaf that it falls into', () => {
    const all = leaves(11)
    const total = Number(sumRoot(all).sum)
    const owners = Array.from({ length: total }, (_, position) => leafAt(all, BigInt(position)))
    const counts = all.map((_, at) => BigInt(owners.filter(owner => owner === at).length))

    expect(counts).toEqual(all.map(({ sum }) => sum))
    expect(leafAt(all, BigInt(total))).toBe(-1)
  })

  test('sampled positions stay within the epoch and depend on provider and sample', () => {
    const drawn = [0, 1, 2].map(sample => samplePosition(ZERO_HASH, `0x${'aa'.repeat(20)}`, sample, 1000n))

    expect(drawn.every(position => position >= 0n && position < 1000n)).toBe(true)
    expect(new Set(drawn).size).toBe(3)
  })
})

describe('a channel', () => {
  const parts = {
    payer: `0x${'a1'.repeat(20)}`,
    signer: `0x${'b2'.repeat(20)}`,
    salt: 2n ** 96n - 1n,
  } as const
  const payee: Hex = `0x${'c3'.repeat(20)}`

  test('has the id that Escrow.channelId computes: keccak256(abi.encode(payer, payee, signer, salt))', () => {
    const types = parseAbiParameters('address, address, address, uint96')
    const encoded = encodeAbiParameters(types, [parts.payer, payee, parts.signer, parts.salt])

    expect(channelId(parts, payee)).toBe(keccak256(encoded))
    // Pinned: returned by the deployed contract for the same arguments.
    expect(channelId(parts, payee)).toBe('0x7db1a82981b48ac6dc4d73b73e3b050c1208c69e0438542ba19f53a21792a53f')
  })

  test('is private exactly when the top bit of its salt is set', () => {
    const random = new Uint8Array(12).fill(0xff)

    expect(isPrivateSalt(channelSalt(random, true))).toBe(true)
    expect(isPrivateSalt(channelSalt(random, false))).toBe(false)
    expect(channelSalt(new Uint8Array(12), true)).toBe(2n ** 95n)
  })

  test('gives each nonce its own request id', () => {
    const id = channelId(parts, payee)

    expect(requestId(id, 1n)).toBe(keccakHex(fromHex(id), uintBytes(1, 8)))
    expect(requestId(id, 1n)).not.toBe(requestId(id, 2n))
  })

  test('redeems by rows of 128 bytes from which the contract recovers the signer', async () => {
    for (let key = 1; key <= 8; key++) {
      const signer = keySigner(toHex(uintBytes(key, 32)))
      const value = {
        channelId: channelId({ ...parts, signer: signer.address }, payee),
        maxClaimableAmount: 77n,
      }
      const signature = await signStruct('Voucher', value, DEPLOYED, signer)
      const row = redeemRow({ ...parts, signer: signer.address }, { total: 77n, signature })

      expect(row.length).toBe(128)
      expect(toHex(row.slice(0, 64))).toBe(
        toHex(
          concat(fromHex(parts.payer), fromHex(signer.address), uintBytes(parts.salt, 12), uintBytes(77, 12)),
        ),
      )
      const vs = row.slice(96)
      const yParity = vs[0]! >> 7
      vs[0]! &= 0x7f
      const recovered = await recoverAddress({
        hash: digest('Voucher', value, DEPLOYED),
        signature: { r: toHex(row.slice(64, 96)), s: toHex(vs), yParity },
      })
      expect(recovered.toLowerCase()).toBe(signer.address)
    }
  })
})

describe('amounts', () => {
  test('are written exactly and read back', () => {
    const cases: [bigint, string][] = [
      [0n, '0'],
      [1n, '0.000000000000000001'],
      [ARIA, '1'],
      [ARIA + ARIA / 2n, '1.5'],
      [123_456n * ARIA, '123456'],
      [10n ** 30n - 1n, '999999999999.999999999999999999'],
    ]
    for (const [wei, text] of cases) {
      expect(formatAria(wei)).toBe(text)
      expect(parseAria(text)).toBe(wei)
    }
    expect(formatAria(-ARIA / 4n)).toBe('-0.25')
  })

  test('that are none are refused by name', () => {
    for (const text of ['', '-1', '1.', '.5', '1e3', '1,5', '0.0000000000000000001', '1'.repeat(13), ' 1']) {
      expect(() => parseAria(text)).toThrow(AriaError)
    }
  })

  test('per million become wei per token', () => {
    expect(perToken('2')).toBe(2_000_000_000_000n)
    expect(perToken('0.5')).toBe(500_000_000_000n)
  })
})
