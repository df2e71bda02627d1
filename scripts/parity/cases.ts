// The models on which the two implementations are compared: every weight type in every architecture, and every way of
// stretching positions, with head widths of the published families.
import type { GgufValue } from '../../engine/test/support/gguf-writer.ts'
import { Random } from '../../engine/test/support/random.ts'
import type { Architecture, Shape, TinyModel } from '../../engine/test/support/tiny-model.ts'
import {
  ALL_WEIGHT_TYPES,
  randomWeights,
  rowValues,
  type WeightType,
} from '../../engine/test/support/weight-types.ts'

export interface Case {
  /** `<architecture>.<format>`, as in the checks' names. */
  name: string
  model: TinyModel
  /** llama.cpp cannot compute it (a format or an architecture of bitnet.cpp): the fp64 reference stands in. */
  againstReference: boolean
}

// Falcon3 has heads of 256, Llama 3 and Qwen3 of 128, the 0.7B BitNet of 96.
const LLAMA: Shape = { width: 512, ffn: 768, heads: 4, kvHeads: 1, headWidth: 128 }
const FALCON3: Shape = { width: 512, ffn: 768, heads: 4, kvHeads: 2, headWidth: 256 }
const SHAPES: Record<Architecture, Shape> = {
  llama: LLAMA,
  qwen3: { width: 512, ffn: 768, heads: 8, kvHeads: 4, headWidth: 128 },
  bitnet: { width: 768, ffn: 1024, heads: 8, kvHeads: 8, headWidth: 96 },
  'bitnet-b1.58': LLAMA,
  'bitnet-25': LLAMA,
}
const LAYERS = 3
/** Of a matrix's results, about what trained ones have. */
const DEVIATION = 0.6

/** What a layer's norms multiply by, so that random matrices of the type give results of that deviation. */
function gainOf(type: WeightType, columns: number): number {
  const values = rowValues(type, randomWeights(new Random(1), type, columns, 1), columns, 0)
  const squares = values.reduce((sum, value) => sum + value * value, 0)
  return DEVIATION / Math.sqrt(squares)
}

const f32 = (value: number): GgufValue => ({ type: 'f32', value })
const text = (value: string): GgufValue => ({ type: 'string', value })
const YARN = {
  'rope.scaling.type': text('yarn'),
  'rope.scaling.factor': f32(4),
  'rope.scaling.original_context_length': { type: 'u32', value: 64 },
} as const satisfies TinyModel['keys']
/** As transformers computes them for a factor of 8 and an original context of 8192, at base 500000. */
const LLAMA3_DIVISORS = Array.from({ length: LLAMA.headWidth / 2 }, (_, pair) => {
  const waveLength = 2 * Math.PI * 500_000 ** ((2 * pair) / LLAMA.headWidth)
  if (waveLength < 8192 / 4) return 1
  if (waveLength > 8192) return 8
  const smooth = (8192 / waveLength - 1) / (4 - 1)
  return 1 / ((1 - smooth) / 8 + smooth)
})

const REFERENCE_TYPES: readonly WeightType[] = ['i2_s', 'q2_0']
const REFERENCE_ARCHITECTURES: readonly Architecture[] = ['bitnet-b1.58', 'bitnet-25']

function caseOf(architecture: Architecture, linear: WeightType, variant = '', more: TinyModel = {}): Case {
  const model: TinyModel = {
    architecture,
    linear,
    embedding: 'f16',
    tied: architecture.startsWith('bitnet'),
    peaked: true,
    shape: SHAPES[architecture],
    layers: LAYERS,
    gain: gainOf(linear, SHAPES[architecture].width),
    seed: 29,
    ...more,
  }
  return {
    name: `${architecture}.${linear}${variant && `_${variant}`}`,
    model,
    againstReference:
      REFERENCE_TYPES.includes(linear) ||
      REFERENCE_ARCHITECTURES.includes(architecture) ||
      model.keys?.hidden_activation !== undefined,
  }
}

const ARCHITECTURES: readonly Architecture[] = ['llama', 'qwen3', 'bitnet', 'bitnet-b1.58']

export const CASES: readonly Case[] = [
  ...ARCHITECTURES.flatMap(architecture => ALL_WEIGHT_TYPES.map(type => caseOf(architecture, type))),
  caseOf('bitnet-25', 'tq2_0'),
  caseOf('bitnet', 'tq2_0', 'scales', { scales: true }),
  caseOf('bitnet', 'tq2_0', 'relu2', { keys: { hidden_activation: text('relu2') } }),
  caseOf('llama', 'tq2_0', 'falcon3', { shape: FALCON3, keys: { 'rope.freq_base': f32(1_000_042) } }),
  caseOf('llama', 'q8_0', 'linear', {
    keys: { 'rope.scaling.type': text('linear'), 'rope.scaling.factor': f32(4) },
  }),
  caseOf('llama', 'q8_0', 'llama3', {
    ropeDivisors: LLAMA3_DIVISORS,
    keys: { 'rope.freq_base': f32(500_000) },
  }),
  caseOf('llama', 'q8_0', 'yarn', { keys: YARN }),
  caseOf('qwen3', 'q1_0', 'yarn', { keys: YARN }),
  caseOf('qwen3', 'q8_0', 'yarn_attn_factor', { keys: { ...YARN, 'rope.scaling.attn_factor': f32(0.75) } }),
]
