// Real rounds of drand quicknet, as its relays publish them, and the two forms of a signature.
import { bls12_381 } from '@noble/curves/bls12-381'
import { sha256 } from '@noble/hashes/sha2'
import { concat, type Hex, numberToHex, toHex } from 'viem'

export const QUICKNET_KEY =
  '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a'

export const ROUNDS: readonly (readonly [round: bigint, signature: string])[] = [
  [1n, 'b55e7cb2d5c613ee0b2e28d6750aabbb78c39dcc96bd9d38c2c2e12198df95571de8e8e402a0cc48871c7089a2b3af4b'],
  [10n, 'ac415e508c484053efed1c6c330e3ae0bf20185b66ed088864dac1ff7d6f927610824986390d3239dac4dd73e6f865f5'],
  [1000n, 'b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39'],
  [1001n, 'b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41'],
  [1002n, 'ab066f9c12dd6de1336fca0f925192fb0c72a771c3e4c82ede1fd362c1a770f9eb05843c6308ce2530b53a99c0281a6e'],
  [1234n, 'a81d4aad15461a0a02b43da857be1d782a2232a3c7bb370a2763e95ce1f2628460b24de2cee7453cd12e43c197ea2f23'],
  [
    657413n,
    'b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b',
  ],
  [
    14517013n,
    '83236a954108c9de257b6a10c838f3e3f215eb3bd25c2261f42b4a6204d6b00a3f216b8d88dcd7947cba97d39f2e16c5',
  ],
]

const DST = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_'

/** The reference: another implementation of the whole scheme. */
export function verifies(round: bigint, signature: string): boolean {
  const { G1, G2 } = bls12_381
  const message = sha256(sha256Input(round))
  const hash = G1.hashToCurve(message, { DST })
  return bls12_381.verifyShortSignature(
    G1.ProjectivePoint.fromHex(signature),
    hash as InstanceType<typeof G1.ProjectivePoint>,
    G2.ProjectivePoint.fromHex(QUICKNET_KEY),
  )
}

function sha256Input(round: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, round)
  return bytes
}

/** The 128 bytes of EIP-2537: x and y, each in 64 bytes. */
export function uncompressed(signature: string): Hex {
  const { x, y } = bls12_381.G1.ProjectivePoint.fromHex(signature).toAffine()
  return point(x, y)
}

export function point(x: bigint, y: bigint): Hex {
  return concat([numberToHex(x, { size: 64 }), numberToHex(y, { size: 64 })])
}

export const FIELD = bls12_381.fields.Fp.ORDER

/** A point of the curve outside the subgroup of prime order. */
export function pointOutsideSubgroup(): Hex {
  const { Fp } = bls12_381.fields
  for (let x = 1n; ; x++) {
    const square = Fp.add(Fp.mul(Fp.sqr(x), x), 4n)
    try {
      const y = Fp.sqrt(square)
      const candidate = new bls12_381.G1.ProjectivePoint(x, y, 1n)
      if (!candidate.isTorsionFree()) return point(x, y)
    } catch {
      // not a square: no point has this x
    }
  }
}

export const INFINITY = toHex(new Uint8Array(128))
