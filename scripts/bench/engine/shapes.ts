// Random weights in the shapes of real models: speed does not depend on what weights say.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BYTE_CHARACTERS } from '../../../engine/test/support/bytes.ts'
import { type GgufTensor, type GgufValue, writeGguf } from '../../../engine/test/support/gguf-writer.ts'

export const SHAPE_NAMES = ['bonsai-1.7b', 'bitnet-0.7b', 'bitnet-2b4t', 'f16-0.7b'] as const
export type ShapeName = (typeof SHAPE_NAMES)[number]

export interface Shape {
  architecture: 'qwen3' | 'bitnet'
  layers: number
  width: number
  ffnWidth: number
  heads: number
  kvHeads: number
  headWidth: number
  vocabulary: number
  linear: WeightType
  embedding: WeightType
}

type WeightType = 'q1_0' | 'tq2_0' | 'q6_k' | 'f16' | 'f32'

const BITNET_07B = {
  ...{ layers: 24, width: 1536, ffnWidth: 4096 },
  ...{ heads: 16, kvHeads: 16, headWidth: 96, vocabulary: 32_002 },
}
const BITNET = { ...BITNET_07B, architecture: 'bitnet' } as const

export const SHAPES: Record<ShapeName, Shape> = {
  'bonsai-1.7b': {
    architecture: 'qwen3',
    ...{ layers: 28, width: 2048, ffnWidth: 6144 },
    ...{ heads: 16, kvHeads: 8, headWidth: 128, vocabulary: 151_936 },
    ...{ linear: 'q1_0' as const, embedding: 'q1_0' as const },
  },
  'bitnet-0.7b': { ...BITNET, linear: 'tq2_0', embedding: 'q6_k' },
  'bitnet-2b4t': {
    architecture: 'bitnet',
    ...{ layers: 30, width: 2560, ffnWidth: 6912 },
    ...{ heads: 20, kvHeads: 5, headWidth: 128, vocabulary: 128_256 },
    ...{ linear: 'tq2_0' as const, embedding: 'q6_k' as const },
  },
  'f16-0.7b': { ...BITNET, linear: 'f16', embedding: 'f16' },
}

const CONTEXT = 4096
/** Half-precision 1/64 and 1/512: weights near a trained model's scale keep activations finite. */
const SCALE_BITS = 0x2400
const SMALL_SCALE_BITS = 0x1800

interface Format {
  id: number
  block: number
  bytes: number
  /** Fills one block of random bytes with what the format allows. */
  fix(view: DataView, at: number): void
}

const FORMATS: Record<WeightType, Format> = {
  f32: { id: 0, block: 1, bytes: 4, fix: (view, at) => view.setFloat32(at, 1, true) },
  f16: {
    ...{ id: 1, block: 1, bytes: 2 },
    // A random sign and fraction at the exponent of 1/64.
    fix: (view, at) => view.setUint16(at, (view.getUint16(at, true) & 0x83ff) | SCALE_BITS, true),
  },
  q6_k: { id: 14, block: 256, bytes: 210, fix: (view, at) => view.setUint16(at + 208, 0x0400, true) },
  tq2_0: {
    ...{ id: 35, block: 256, bytes: 66 },
    fix(view, at) {
      for (let i = 0; i < 64; i++) view.setUint8(at + i, TERNARY[view.getUint8(at + i)]!)
      view.setUint16(at + 64, SCALE_BITS, true)
    },
  },
  q1_0: { id: 41, block: 128, bytes: 18, fix: (view, at) => view.setUint16(at, SMALL_SCALE_BITS, true) },
}

/** A byte of four 2-bit fields with each field below 3: TQ2_0 stores weight + 1. */
const TERNARY = Uint8Array.from({ length: 256 }, (_, byte) =>
  [0, 2, 4, 6].reduce((sum, shift) => sum | ((((byte >> shift) & 3) % 3) << shift), 0),
)

/** So many different blocks, then the same again. */
const TEMPLATE_BLOCKS = 16_384

function template(type: WeightType): Uint8Array {
  const { bytes, fix } = FORMATS[type]
  const data = new Uint8Array(TEMPLATE_BLOCKS * bytes)
  const view = new DataView(data.buffer)
  let state = 12_345
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    data[i] = state >>> 24
  }
  for (let block = 0; block < TEMPLATE_BLOCKS; block++) fix(view, block * bytes)
  return data
}

const templates = new Map<WeightType, Uint8Array>()

function tensor(name: string, type: WeightType, columns: number, rows = 1): GgufTensor {
  const { id, block, bytes } = FORMATS[type]
  const pattern = templates.get(type) ?? template(type)
  templates.set(type, pattern)
  const data = new Uint8Array(((columns * rows) / block) * bytes)
  for (let at = 0; at < data.length; at += pattern.length)
    data.set(pattern.subarray(0, Math.min(pattern.length, data.length - at)), at)
  return { name, type: id, shape: rows === 1 ? [columns] : [columns, rows], data }
}

function tensors(shape: Shape): GgufTensor[] {
  const { width, ffnWidth, linear } = shape
  const queries = shape.heads * shape.headWidth
  const keys = shape.kvHeads * shape.headWidth
  const all = [
    tensor('token_embd.weight', shape.embedding, width, shape.vocabulary),
    tensor('output_norm.weight', 'f32', width),
  ]
  for (let i = 0; i < shape.layers; i++) {
    const of = (name: string) => `blk.${i}.${name}.weight`
    all.push(
      tensor(of('attn_norm'), 'f32', width),
      tensor(of('attn_q'), linear, width, queries),
      tensor(of('attn_k'), linear, width, keys),
      tensor(of('attn_v'), linear, width, keys),
      tensor(of('attn_output'), linear, queries, width),
      tensor(of('ffn_norm'), 'f32', width),
      tensor(of('ffn_gate'), linear, width, ffnWidth),
      tensor(of('ffn_up'), linear, width, ffnWidth),
      tensor(of('ffn_down'), linear, ffnWidth, width),
    )
    if (shape.architecture === 'qwen3')
      all.push(
        tensor(of('attn_q_norm'), 'f32', shape.headWidth),
        tensor(of('attn_k_norm'), 'f32', shape.headWidth),
      )
    else all.push(tensor(of('attn_sub_norm'), 'f32', queries), tensor(of('ffn_sub_norm'), 'f32', ffnWidth))
  }
  return all
}

function metadata(name: string, shape: Shape): Record<string, GgufValue> {
  const prefix = shape.architecture
  const u32 = (value: number): GgufValue => ({ type: 'u32', value })
  const tokens = [
    ...BYTE_CHARACTERS,
    'he', // what the only merge makes
    ...Array.from({ length: shape.vocabulary - BYTE_CHARACTERS.length - 1 }, (_, i) => `<${i}>`),
  ]
  return {
    'general.architecture': { type: 'string', value: shape.architecture },
    'general.name': { type: 'string', value: name },
    [`${prefix}.block_count`]: u32(shape.layers),
    [`${prefix}.context_length`]: u32(CONTEXT),
    [`${prefix}.embedding_length`]: u32(shape.width),
    [`${prefix}.feed_forward_length`]: u32(shape.ffnWidth),
    [`${prefix}.attention.head_count`]: u32(shape.heads),
    [`${prefix}.attention.head_count_kv`]: u32(shape.kvHeads),
    [`${prefix}.attention.key_length`]: u32(shape.headWidth),
    [`${prefix}.attention.value_length`]: u32(shape.headWidth),
    [`${prefix}.rope.dimension_count`]: u32(shape.headWidth),
    [`${prefix}.rope.freq_base`]: { type: 'f32', value: 10_000 },
    [`${prefix}.attention.layer_norm_rms_epsilon`]: { type: 'f32', value: 1e-5 },
    [`${prefix}.vocab_size`]: u32(shape.vocabulary),
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'gpt-2' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map(() => 1) },
    'tokenizer.ggml.merges': { type: 'strings', value: ['h e'] },
    'tokenizer.ggml.eos_token_id': u32(shape.vocabulary - 1),
  }
}

/** Writes the shape's file unless it is there already; the name holds a hash of what decides its bytes. */
export function writeShape(name: ShapeName, folder: string): string {
  const shape = SHAPES[name]
  const key = createHash('sha256')
    .update(JSON.stringify(metadata(name, shape)))
    .digest('hex')
    .slice(0, 8)
  const path = join(folder, `${name}-${key}.gguf`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const { bytes } = writeGguf({ metadata: metadata(name, shape), tensors: tensors(shape) })
  writeFileSync(`${path}.part`, bytes)
  renameSync(`${path}.part`, path)
  return path
}

/** Bytes of weights that one decode step reads: everything but the norms, the head instead of one embedding row. */
export function weightBytes(name: ShapeName): number {
  const shape = SHAPES[name]
  const perWeight = (type: WeightType) => FORMATS[type].bytes / FORMATS[type].block
  const { layer, head } = multiplications(name)
  return shape.layers * layer * perWeight(shape.linear) + head * perWeight(shape.embedding)
}

/** Multiplications per token: of one layer's matrices, and of the output head. */
export function multiplications(name: ShapeName): { layer: number; head: number } {
  const { width, ffnWidth, heads, kvHeads, headWidth, vocabulary } = SHAPES[name]
  const attention = 2 * width * heads * headWidth + 2 * width * kvHeads * headWidth
  return { layer: attention + 3 * width * ffnWidth, head: width * vocabulary }
}
