import {
  bytesToUint,
  concat,
  fromHex,
  type Hex,
  keccak,
  keccakHex,
  toHex,
  uintBytes,
  ZERO_HASH,
} from './bytes.ts'

/**
 * Merkle-sum tree over the receipts of an epoch, summing output tokens, so that a random token position
 * selects a receipt with probability proportional to its size.
 * leaf = keccak(0x00 | receiptHash | tokens u64), node = keccak(0x01 | L | R | sumL u64 | sumR u64);
 * a node without a sibling is promoted, never duplicated (CVE-2012-2459).
 */
export interface SumNode {
  hash: Hex
  sum: bigint
}

export function sumLeaf(receiptHash: Hex, tokens: bigint): SumNode {
  return { hash: keccakHex(Uint8Array.of(0), fromHex(receiptHash, 32), uintBytes(tokens, 8)), sum: tokens }
}

function sumParent(left: SumNode, right: SumNode): SumNode {
  const hash = keccak(
    Uint8Array.of(1),
    fromHex(left.hash, 32),
    fromHex(right.hash, 32),
    uintBytes(left.sum, 8),
    uintBytes(right.sum, 8),
  )
  return { hash: toHex(hash), sum: left.sum + right.sum }
}

function levels(leaves: readonly SumNode[]): SumNode[][] {
  const all = [[...leaves]]
  for (let level = all[0]!; level.length > 1; level = all.at(-1)!) {
    const parents: SumNode[] = []
    for (let at = 0; at < level.length; at += 2) {
      const right = level[at + 1]
      parents.push(right === undefined ? level[at]! : sumParent(level[at]!, right))
    }
    all.push(parents)
  }
  return all
}

export function sumRoot(leaves: readonly SumNode[]): SumNode {
  return levels(leaves).at(-1)![0] ?? { hash: ZERO_HASH, sum: 0n }
}

/** Siblings from leaf to root; a promoted level adds no entry. */
export function sumProof(leaves: readonly SumNode[], index: number): SumNode[] {
  const proof: SumNode[] = []
  let at = index
  for (const level of levels(leaves).slice(0, -1)) {
    const sibling = level[at ^ 1]
    if (sibling !== undefined) proof.push(sibling)
    at >>= 1
  }
  return proof
}

/** Sums are hashed as u64. */
const SUM_MAX = 2n ** 64n - 1n

/**
 * Recomputes the root from one leaf. Returns the root and the tokens before this leaf,
 * or undefined when the proof's length does not fit (index, count) or its sums overflow.
 */
export function sumFromProof(
  leaf: SumNode,
  index: number,
  count: number,
  proof: readonly SumNode[],
): { root: SumNode; before: bigint } | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= count) return undefined
  let node = leaf
  let before = 0n
  let used = 0
  for (let at = index, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue
    const sibling = proof[used++]
    if (sibling === undefined || node.sum + sibling.sum > SUM_MAX) return undefined
    if (at & 1) before += sibling.sum
    node = at & 1 ? sumParent(sibling, node) : sumParent(node, sibling)
  }
  return used === proof.length ? { root: node, before } : undefined
}

/** Index of the leaf that holds token `position`. */
export function leafAt(leaves: readonly SumNode[], position: bigint): number {
  let end = 0n
  return leaves.findIndex(leaf => {
    end += leaf.sum
    return position < end
  })
}

/** Sample j of provider p in an epoch: uint(keccak(rand | p | "s" | j u256)) mod tokens, as abi.encodePacked. */
export function samplePosition(rand: Hex, provider: Hex, sample: number, tokens: bigint): bigint {
  const seed = concat(
    fromHex(rand, 32),
    fromHex(provider, 20),
    new TextEncoder().encode('s'),
    uintBytes(sample, 32),
  )
  return bytesToUint(keccak(seed)) % tokens
}
