import { concat, type Hex, keccak, keccakHex, toHex, tokenBytes, uintBytes, ZERO_HASH } from './bytes.ts'

/** Tokens under one leaf of the output tree: the unit a dispute opens on chain. */
export const OUTPUT_LEAF_TOKENS = 64

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** Hides the prompt behind a 32-byte salt: keccak256(salt | tokens LE). */
export function promptCommit(salt: Uint8Array, prompt: Uint32Array): Hex {
  return keccakHex(salt, tokenBytes(prompt))
}

function outputLeaf(index: number, tokens: Uint32Array): Uint8Array {
  return keccak(LEAF, uintBytes(index, 4), tokenBytes(tokens))
}

/** Merkle root; a node without a sibling is promoted, never duplicated (CVE-2012-2459). */
export function merkleRoot(leaves: readonly Uint8Array[]): Hex {
  let level = [...leaves]
  while (level.length > 1) {
    const parents: Uint8Array[] = []
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at]!
      const right = level[at + 1]
      parents.push(right === undefined ? left : keccak(NODE, left, right))
    }
    level = parents
  }
  const root = level[0]
  return root === undefined ? ZERO_HASH : toHex(root)
}

/** Running commitment to an output: append tokens, read the root at any point. */
export class OutputCommitment {
  #full: Uint8Array[] = []
  #tail: number[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  append(tokens: Uint32Array): void {
    for (const token of tokens) {
      this.#tail.push(token)
      if (this.#tail.length === OUTPUT_LEAF_TOKENS) this.#seal()
    }
    this.#count += tokens.length
  }

  root(): Hex {
    if (this.#tail.length === 0) return merkleRoot(this.#full)
    return merkleRoot([...this.#full, outputLeaf(this.#full.length, Uint32Array.from(this.#tail))])
  }

  #seal(): void {
    this.#full.push(outputLeaf(this.#full.length, Uint32Array.from(this.#tail)))
    this.#tail = []
  }
}

export function outputRoot(output: Uint32Array): Hex {
  const commitment = new OutputCommitment()
  commitment.append(output)
  return commitment.root()
}

/** Sampling as signed integers; fractions never cross the wire. */
export interface SamplingParams {
  /** In 1/1000; 0 is greedy. */
  temperature: number
  /** 0 is off. */
  topK: number
  /** In 1/10000; 10000 is off. */
  topP: number
}

export const TEMPERATURE_MAX = 2000
export const TOP_K_MAX = 1000
export const TOP_P_MAX = 10_000

export function isValidSampling({ temperature, topK, topP }: SamplingParams): boolean {
  const within = (value: number, low: number, high: number) =>
    Number.isInteger(value) && value >= low && value <= high
  return within(temperature, 0, TEMPERATURE_MAX) && within(topK, 0, TOP_K_MAX) && within(topP, 1, TOP_P_MAX)
}

export function samplingHash(engineMajor: number, params: SamplingParams): Hex {
  return keccakHex(
    concat(
      uintBytes(engineMajor, 4),
      uintBytes(params.temperature, 4),
      uintBytes(params.topK, 4),
      uintBytes(params.topP, 4),
    ),
  )
}
