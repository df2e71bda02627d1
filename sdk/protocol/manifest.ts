import * as v from 'valibot'
import { encodeAbiParameters } from 'viem'
import { concat, fromHex, type Hex, keccak, keccakHex, uintBytes } from './bytes.ts'
import { merkleRoot } from './commitments.ts'
import { AriaError } from './errors.ts'

/** What `Models` registers: enough to check every downloaded byte and to open one weight row in a dispute. */
export interface Manifest {
  weightsRoot: Hex
  tokenizerHash: Hex
  specHash: Hex
  engineMajor: number
  layers: number
  dModel: number
  dFfn: number
  nHeads: number
  vocab: number
  maxContext: number
}

const hash = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-f]{64}$/, 'must be 32 bytes of hex'),
  v.transform(text => text as Hex),
)
const uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1))
const schema = v.strictObject({
  ...{ weightsRoot: hash, tokenizerHash: hash, specHash: hash, engineMajor: uint32, layers: uint32 },
  ...{ dModel: uint32, dFfn: uint32, nHeads: uint32, vocab: uint32, maxContext: uint32 },
})

/** @throws AriaError `bad_proof` naming the field. */
export function parseManifest(json: unknown, source: string): Manifest {
  const parsed = v.safeParse(schema, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new AriaError('bad_proof', `${source}: ${v.getDotPath(issue) ?? 'manifest'}: ${issue.message}`)
}

const manifestAbi = [
  {
    type: 'tuple',
    components: [
      { name: 'weightsRoot', type: 'bytes32' },
      { name: 'tokenizerHash', type: 'bytes32' },
      { name: 'specHash', type: 'bytes32' },
      { name: 'engineMajor', type: 'uint32' },
      { name: 'layers', type: 'uint32' },
      { name: 'dModel', type: 'uint32' },
      { name: 'dFfn', type: 'uint32' },
      { name: 'nHeads', type: 'uint32' },
      { name: 'vocab', type: 'uint32' },
      { name: 'maxContext', type: 'uint32' },
    ],
  },
] as const

export function modelId(manifest: Manifest): Hex {
  return keccakHex(fromHex(encodeAbiParameters(manifestAbi, [manifest])))
}

export interface TensorRows {
  name: string
  rowBytes: number
  data: Uint8Array
}

/** Leaf = keccak(0x02 | keccak(tensor name) | row u32 | the row's bytes as the file stores them). */
function rowLeaf(nameHash: Uint8Array, row: number, bytes: Uint8Array): Uint8Array {
  return keccak(concat(Uint8Array.of(2), nameHash, uintBytes(row, 4)), bytes)
}

/** Root over all rows of all tensors, tensors in file order. */
export function weightsRoot(tensors: Iterable<TensorRows>): Hex {
  const leaves: Uint8Array[] = []
  for (const { name, rowBytes, data } of tensors) {
    const nameHash = keccak(new TextEncoder().encode(name))
    for (let row = 0; row * rowBytes < data.length; row++) {
      leaves.push(rowLeaf(nameHash, row, data.subarray(row * rowBytes, (row + 1) * rowBytes)))
    }
  }
  return merkleRoot(leaves)
}

/** What a manifest is computed from; the engine reads it from a model's file. */
export interface ManifestContent {
  info: {
    layers: number
    width: number
    ffnWidth: number
    heads: number
    vocabSize: number
    contextLength: number
  }
  engineMajor: number
  specification: Uint8Array
  header: Uint8Array
  tensors: readonly TensorRows[]
}

/**
 * A model's identity by content. `tokenizerHash` covers every byte before the tensor data: vocabulary, merges, chat
 * template and the hyper-parameters that the manifest has no field for (RoPE base, epsilon), so two files with one id
 * give the same bits.
 */
export function manifestOf({ info, engineMajor, specification, header, tensors }: ManifestContent): Manifest {
  return {
    weightsRoot: weightsRoot(tensors),
    tokenizerHash: keccakHex(header),
    specHash: keccakHex(specification),
    engineMajor,
    layers: info.layers,
    dModel: info.width,
    dFfn: info.ffnWidth,
    nHeads: info.heads,
    vocab: info.vocabSize,
    maxContext: info.contextLength,
  }
}
