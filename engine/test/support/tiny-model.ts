// Small random models of every architecture, in any mix of weight types. Random weights are enough to tell whether
// two ways of computing agree.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BYTE_CHARACTERS } from './bytes.ts'
import { type GgufFile, type GgufTensor, type GgufValue, writeGguf } from './gguf-writer.ts'
import { Random } from './random.ts'
import { dequantize } from './reference-weights.ts'
import { randomWeights, WEIGHT_TYPES, type WeightType } from './weight-types.ts'

export type { WeightType } from './weight-types.ts'

export const ARCHITECTURES = ['llama', 'qwen3', 'bitnet', 'bitnet-b1.58', 'bitnet-25'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

export interface TinyModel {
  architecture?: Architecture
  linear?: WeightType
  embedding?: WeightType
  tied?: boolean
  seed?: number
  layers?: number
  shape?: Shape
  /** What a layer's matrices get: 1 is noisy, lower brings their results to the size that training gives. */
  gain?: number
  /**
   * Makes one token likely, as training does: the one before it, or with a tied output itself. The best of random
   * logits lie closer together than two honest implementations do. Takes an F16 embedding; an output of its own is F32.
   */
  peaked?: boolean
  contextLength?: number
  /** More keys, or other values, under the architecture's prefix. */
  keys?: Readonly<Record<string, GgufValue>>
  /** A factor for every matrix of a layer, in `.scale` tensors. */
  scales?: boolean
  /** The contents of `rope_freqs.weight`. */
  ropeDivisors?: readonly number[]
}

export interface Shape {
  width: number
  ffn: number
  heads: number
  kvHeads: number
  headWidth: number
}
const TINY: Shape = { width: 256, ffn: 384, heads: 4, kvHeads: 2, headWidth: 64 }

const MERGES = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'o r', 'Ġw or', 'l d', 'Ġwor ld']
const CONTROL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
const TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

export const TOKENS: readonly string[] = [
  ...BYTE_CHARACTERS,
  ...MERGES.map(merge => merge.replace(' ', '')),
  ...CONTROL,
]
export const IM_END = TOKENS.indexOf('<|im_end|>')

function weights(random: Random, name: string, type: WeightType, columns: number, rows: number): GgufTensor {
  const data = randomWeights(random, type, columns, rows)
  return { name, type: WEIGHT_TYPES[type].id, shape: [columns, rows], data }
}

/** An output whose row for a token is half the embedding of the token before it, half noise. */
function successorHead(random: Random, embedding: GgufTensor): GgufTensor {
  const [columns, rows] = embedding.shape as [number, number]
  const embedded = dequantize(embedding)
  const head = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    const before = embedded.subarray(
      ((row + rows - 1) % rows) * columns,
      (((row + rows - 1) % rows) + 1) * columns,
    )
    const norm = Math.sqrt(before.reduce((sum, value) => sum + value * value, 0))
    for (let c = 0; c < columns; c++)
      head[row * columns + c] = (2 * before[c]!) / norm + (3.5 * random.signed()) / Math.sqrt(columns)
  }
  return { ...vector('output.weight', head), shape: [columns, rows] }
}

const ENLARGED = 2 // powers of two

/** F16 rows large enough, next to what layers add, for the output to find them again. */
function enlarge(embedding: GgufTensor): GgufTensor {
  if (embedding.type !== WEIGHT_TYPES.f16.id)
    throw new Error('The embedding of a peaked model has to be F16.')
  const halves = new Uint16Array(embedding.data.buffer)
  for (let i = 0; i < halves.length; i++) halves[i]! += ENLARGED << 10 // of the exponent
  return embedding
}

function vector(name: string, values: Float32Array): GgufTensor {
  return { name, type: WEIGHT_TYPES.f32.id, shape: [values.length], data: new Uint8Array(values.buffer) }
}

const norm = (random: Random, name: string, columns: number, gain = 1): GgufTensor =>
  vector(
    name,
    Float32Array.from({ length: columns }, () => gain * (1 + random.signed() / 4)),
  )

function metadata(model: Required<TinyModel>): Record<string, GgufValue> {
  const prefix = model.architecture
  const { shape } = model
  const numbers = {
    block_count: model.layers,
    context_length: model.contextLength,
    embedding_length: shape.width,
    feed_forward_length: shape.ffn,
    'attention.head_count': shape.heads,
    'attention.head_count_kv': shape.kvHeads,
    'attention.key_length': shape.headWidth,
    'attention.value_length': shape.headWidth,
    vocab_size: TOKENS.length,
  }
  const sized = Object.entries(numbers).map(
    ([key, value]) => [`${prefix}.${key}`, { type: 'u32', value }] as const,
  )
  return {
    'general.architecture': { type: 'string', value: prefix },
    'general.name': { type: 'string', value: 'tiny' },
    ...Object.fromEntries(sized),
    [`${prefix}.attention.layer_norm_rms_epsilon`]: { type: 'f32', value: 1e-6 },
    [`${prefix}.rope.freq_base`]: { type: 'f32', value: 10000 },
    ...Object.fromEntries(Object.entries(model.keys).map(([key, value]) => [`${prefix}.${key}`, value])),
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'qwen2' },
    'tokenizer.ggml.tokens': { type: 'strings', value: TOKENS },
    'tokenizer.ggml.token_type': {
      type: 'i32s',
      value: TOKENS.map(token => (CONTROL.includes(token) ? 3 : 1)),
    },
    'tokenizer.ggml.merges': { type: 'strings', value: MERGES },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: IM_END },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
    'tokenizer.chat_template': { type: 'string', value: TEMPLATE },
  }
}

function layerTensors(random: Random, model: Required<TinyModel>, index: number): GgufTensor[] {
  const name = (suffix: string): string => `blk.${index}.${suffix}.weight`
  const linear = (suffix: string, columns: number, rows: number): GgufTensor[] => {
    const matrix = weights(random, name(suffix), model.linear, columns, rows)
    if (!model.scales) return [matrix]
    return [matrix, vector(`blk.${index}.${suffix}.scale`, Float32Array.of(1 + random.signed() / 2))]
  }
  const { width, ffn, headWidth } = model.shape
  const [queries, keys] = [model.shape.heads * headWidth, model.shape.kvHeads * headWidth]
  const headNorms = ['attn_q_norm', 'attn_k_norm'].map(suffix => norm(random, name(suffix), headWidth))
  const subNorms = [
    norm(random, name('attn_sub_norm'), queries, model.gain),
    norm(random, name('ffn_sub_norm'), ffn, model.gain),
  ]
  return [
    norm(random, name('attn_norm'), width, model.gain),
    ...linear('attn_q', width, queries),
    ...linear('attn_k', width, keys),
    ...linear('attn_v', width, keys),
    ...linear('attn_output', queries, width),
    ...(model.architecture === 'qwen3' ? headNorms : []),
    ...(model.architecture.startsWith('bitnet') ? subNorms : []),
    norm(random, name('ffn_norm'), width, model.gain),
    ...linear('ffn_gate', width, ffn),
    ...linear('ffn_up', width, ffn),
    ...linear('ffn_down', ffn, width),
  ]
}

export function tinyModel(options: TinyModel = {}): GgufFile {
  const model: Required<TinyModel> = {
    architecture: 'qwen3',
    linear: 'q1_0',
    embedding: 'q8_0',
    tied: true,
    seed: 1,
    layers: 2,
    shape: { ...TINY, ffn: WEIGHT_TYPES[options.linear ?? 'q1_0'].block === 256 ? 512 : 384 },
    gain: 1,
    peaked: false,
    contextLength: 512,
    keys: {},
    scales: false,
    ropeDivisors: [],
    ...options,
  }
  const random = new Random(model.seed)
  const matrix = (name: string, type: WeightType): GgufTensor =>
    weights(random, name, type, model.shape.width, TOKENS.length)
  const embedding = matrix('token_embd.weight', model.embedding)
  const tensors = [
    model.peaked ? enlarge(embedding) : embedding,
    norm(random, 'output_norm.weight', model.shape.width, model.tied && model.peaked ? 1 / 4 : 1),
    ...Array.from({ length: model.layers }, (_, index) => layerTensors(random, model, index)).flat(),
  ]
  if (model.ropeDivisors.length > 0)
    tensors.push(vector('rope_freqs.weight', Float32Array.from(model.ropeDivisors)))
  if (!model.tied)
    tensors.push(model.peaked ? successorHead(random, embedding) : matrix('output.weight', model.embedding))
  return { metadata: metadata(model), tensors }
}

const folder = mkdtempSync(join(tmpdir(), 'aria-engine-'))
let written = 0

/** Writes bytes to a fresh file and returns its path. */
export function temporaryFile(bytes: Uint8Array): string {
  const path = join(folder, `${written++}.gguf`)
  writeFileSync(path, bytes)
  return path
}

export const writeTinyModel = (options: TinyModel = {}): string =>
  temporaryFile(writeGguf(tinyModel(options)).bytes)
