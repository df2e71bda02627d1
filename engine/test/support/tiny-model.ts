// Small random models of every architecture, in any mix of weight types. Random weights are enough to tell whether
// two ways of computing agree.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BYTE_CHARACTERS } from './bytes.ts'
import { type GgufFile, type GgufTensor, type GgufValue, writeGguf } from './gguf-writer.ts'
import { Random } from './random.ts'
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
  contextLength?: number
  /** More keys, or other values, under the architecture's prefix. */
  keys?: Readonly<Record<string, GgufValue>>
  /** A factor for every matrix of a layer, in `.scale` tensors. */
  scales?: boolean
  /** The contents of `rope_freqs.weight`. */
  ropeDivisors?: readonly number[]
}

const WIDTH = 256
const HEADS = 4
const KV_HEADS = 2
const HEAD_WIDTH = 64
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

/** The feed-forward width: whole blocks of the weights' type. */
const ffnOf = (model: Required<TinyModel>): number => (WEIGHT_TYPES[model.linear].block === 256 ? 512 : 384)

function vector(name: string, values: Float32Array): GgufTensor {
  return { name, type: WEIGHT_TYPES.f32.id, shape: [values.length], data: new Uint8Array(values.buffer) }
}

const norm = (random: Random, name: string, columns: number): GgufTensor =>
  vector(
    name,
    Float32Array.from({ length: columns }, () => 1 + random.signed() / 4),
  )

function metadata(model: Required<TinyModel>): Record<string, GgufValue> {
  const prefix = model.architecture
  const numbers = {
    block_count: model.layers,
    context_length: model.contextLength,
    embedding_length: WIDTH,
    feed_forward_length: ffnOf(model),
    'attention.head_count': HEADS,
    'attention.head_count_kv': KV_HEADS,
    'attention.key_length': HEAD_WIDTH,
    'attention.value_length': HEAD_WIDTH,
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
  const headNorms = ['attn_q_norm', 'attn_k_norm'].map(suffix => norm(random, name(suffix), HEAD_WIDTH))
  const subNorms = [
    norm(random, name('attn_sub_norm'), HEADS * HEAD_WIDTH),
    norm(random, name('ffn_sub_norm'), ffnOf(model)),
  ]
  return [
    norm(random, name('attn_norm'), WIDTH),
    ...linear('attn_q', WIDTH, HEADS * HEAD_WIDTH),
    ...linear('attn_k', WIDTH, KV_HEADS * HEAD_WIDTH),
    ...linear('attn_v', WIDTH, KV_HEADS * HEAD_WIDTH),
    ...linear('attn_output', HEADS * HEAD_WIDTH, WIDTH),
    ...(model.architecture === 'qwen3' ? headNorms : []),
    ...(model.architecture.startsWith('bitnet') ? subNorms : []),
    norm(random, name('ffn_norm'), WIDTH),
    ...linear('ffn_gate', WIDTH, ffnOf(model)),
    ...linear('ffn_up', WIDTH, ffnOf(model)),
    ...linear('ffn_down', ffnOf(model), WIDTH),
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
    contextLength: 512,
    keys: {},
    scales: false,
    ropeDivisors: [],
    ...options,
  }
  const random = new Random(model.seed)
  const tensors = [
    weights(random, 'token_embd.weight', model.embedding, WIDTH, TOKENS.length),
    norm(random, 'output_norm.weight', WIDTH),
    ...Array.from({ length: model.layers }, (_, index) => layerTensors(random, model, index)).flat(),
  ]
  if (model.ropeDivisors.length > 0)
    tensors.push(vector('rope_freqs.weight', Float32Array.from(model.ropeDivisors)))
  if (!model.tied) tensors.push(weights(random, 'output.weight', model.embedding, WIDTH, TOKENS.length))
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
