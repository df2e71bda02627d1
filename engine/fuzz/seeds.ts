// Sound inputs to start from, one of every architecture and weight type, as small as the format allows: what mutations
// reach depends on them. And the words of each format, for libFuzzer's dictionary.
import { type GgufFile, type GgufTensor, type GgufValue, writeGguf } from '../test/support/gguf-writer.ts'
import { Random } from '../test/support/random.ts'
import { ARCHITECTURES, type Architecture } from '../test/support/tiny-model.ts'
import {
  ALL_WEIGHT_TYPES,
  randomWeights,
  WEIGHT_TYPES,
  type WeightType,
} from '../test/support/weight-types.ts'

export type Seeds = ReadonlyMap<string, Uint8Array>

const u32 = (value: number): GgufValue => ({ type: 'u32', value })
const f32 = (value: number): GgufValue => ({ type: 'f32', value })
const string = (value: string): GgufValue => ({ type: 'string', value })
const strings = (...value: string[]): GgufValue => ({ type: 'strings', value })
const bool = (value: boolean): GgufValue => ({ type: 'bool', value })
const i32s = (...value: number[]): GgufValue => ({ type: 'i32s', value })

const HEAD_WIDTH = 16 // the narrowest that the engine computes with: one head
const TOKENS = 2
const FFN = 1

/** Two tokens, one layer of one head, a feed-forward of one element; `type` wherever its blocks fit. */
function smallestModel(architecture: Architecture, type: WeightType, more: Partial<GgufFile> = {}): GgufFile {
  const random = new Random(1)
  const width = Math.max(WEIGHT_TYPES[type].block, HEAD_WIDTH)
  const matrix = (name: string, columns: number, rows: number): GgufTensor => {
    const fitting = columns % WEIGHT_TYPES[type].block === 0 ? type : 'f16'
    const data = randomWeights(random, fitting, columns, rows)
    return { name, type: WEIGHT_TYPES[fitting].id, shape: [columns, rows], data }
  }
  const vector = (name: string, count: number): GgufTensor => ({
    ...matrix(name, count, 1),
    type: WEIGHT_TYPES.f32.id,
    shape: [count],
    data: randomWeights(random, 'f32', count, 1),
  })
  const layer = (name: string): string => `blk.0.${name}.weight`
  const prefixed = {
    block_count: u32(1),
    context_length: u32(512),
    embedding_length: u32(width),
    feed_forward_length: u32(FFN),
    'attention.head_count': u32(1),
    'attention.key_length': u32(HEAD_WIDTH),
    'attention.layer_norm_rms_epsilon': f32(1e-6),
  }
  return {
    metadata: {
      'general.architecture': string(architecture),
      ...Object.fromEntries(
        Object.entries(prefixed).map(([key, value]) => [`${architecture}.${key}`, value]),
      ),
      ...more.metadata,
    },
    tensors: [
      matrix('token_embd.weight', width, TOKENS),
      vector('output_norm.weight', width),
      vector(layer('attn_norm'), width),
      matrix(layer('attn_q'), width, HEAD_WIDTH),
      matrix(layer('attn_k'), width, HEAD_WIDTH),
      matrix(layer('attn_v'), width, HEAD_WIDTH),
      matrix(layer('attn_output'), HEAD_WIDTH, width),
      ...(architecture === 'qwen3'
        ? [vector(layer('attn_q_norm'), HEAD_WIDTH), vector(layer('attn_k_norm'), HEAD_WIDTH)]
        : []),
      ...(architecture.startsWith('bitnet')
        ? [
            vector(layer('attn_sub_norm'), HEAD_WIDTH),
            vector(layer('ffn_sub_norm'), FFN),
            vector('blk.0.attn_q.scale', 1),
          ]
        : []),
      vector(layer('ffn_norm'), width),
      matrix(layer('ffn_gate'), width, FFN),
      matrix(layer('ffn_up'), width, FFN),
      matrix(layer('ffn_down'), FFN, width),
      ...(more.tensors ?? []),
    ],
  }
}

/** Llama 3's frequency divisors, YaRN, an output of its own, a part of a split model, the older version. */
function variants(): Record<string, GgufFile> {
  const divisors = new Uint8Array(Float32Array.from({ length: HEAD_WIDTH / 2 }, (_, i) => 1 + i).buffer)
  const output = {
    name: 'output.weight',
    type: WEIGHT_TYPES.bf16.id,
    shape: [HEAD_WIDTH, TOKENS],
    data: randomWeights(new Random(2), 'bf16', HEAD_WIDTH, TOKENS),
  }
  return {
    divisors: smallestModel('llama', 'f16', {
      tensors: [{ name: 'rope_freqs.weight', type: 0, shape: [HEAD_WIDTH / 2], data: divisors }],
    }),
    output: smallestModel('llama', 'f16', { tensors: [output] }),
    yarn: smallestModel('qwen3', 'f16', {
      metadata: {
        'qwen3.rope.scaling.type': string('yarn'),
        'qwen3.rope.scaling.factor': f32(4),
        'qwen3.rope.scaling.original_context_length': u32(128),
        'qwen3.rope.freq_base': f32(1e6),
        'general.alignment': u32(8),
      },
    }),
    linear: smallestModel('llama', 'f16', {
      metadata: { 'llama.rope.scaling.type': string('linear'), 'llama.rope.scaling.factor': f32(2) },
    }),
    split: smallestModel('llama', 'f16', {
      metadata: {
        'split.no': { type: 'u16', value: 0 },
        'split.count': { type: 'u16', value: 2 },
        'split.tensors.count': { type: 'i32', value: 12 },
      },
    }),
    version2: { ...smallestModel('llama', 'f32'), version: 2 },
  }
}

function loaderSeeds(): Seeds {
  const named = [
    ...ARCHITECTURES.map(architecture => [architecture, smallestModel(architecture, 'f16')] as const),
    ...ALL_WEIGHT_TYPES.map(type => [type, smallestModel('bitnet', type)] as const),
    ...Object.entries(variants()),
  ]
  return new Map(named.map(([name, file]) => [`${name}.gguf`, writeGguf(file).bytes]))
}

const KNOWN_VOCABULARIES = 6
const FILE_MODE = 0xc0
const TEXTS = ["it's the aaaa 1234 <|im_end|>!", ' \r\n\n  \t x', 'ÄÖ 日本 😀 ▁the', '\ud800 aaaaaaaa', '']

function utf16(text: string): Uint8Array {
  return Uint8Array.from(
    [...Array(text.length).keys()].flatMap(i => [text.charCodeAt(i) & 255, text.charCodeAt(i) >> 8]),
  )
}

/** What fuzz/tokenizer.cpp takes: a text and a file whose vocabulary it puts behind all bytes. */
function vocabulary(text: string, metadata: Record<string, GgufValue>): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  return Uint8Array.of(FILE_MODE, bytes.length, ...bytes, ...writeGguf({ metadata, tensors: [] }).bytes)
}

function tokenizerSeeds(): Seeds {
  const seeds = new Map<string, Uint8Array>()
  for (let known = 0; known < KNOWN_VOCABULARIES; known++)
    for (const [index, text] of TEXTS.entries())
      seeds.set(`text-${known}-${index}`, Uint8Array.of(known, ...utf16(text)))
  const flags = {
    'tokenizer.ggml.add_bos_token': bool(true),
    'tokenizer.ggml.add_eos_token': bool(true),
    'tokenizer.ggml.bos_token_id': u32(258),
    'tokenizer.ggml.eos_token_id': u32(259),
  }
  seeds.set(
    'byte-level',
    vocabulary('hello <s> <u>', {
      'tokenizer.ggml.model': string('gpt2'),
      'tokenizer.ggml.pre': string('llama-bpe'),
      'tokenizer.ggml.tokens': strings('he', 'll', '<s>', '<|im_end|>', '<u>', 'hell'),
      'tokenizer.ggml.token_type': i32s(1, 1, 3, 3, 4, 1),
      'tokenizer.ggml.merges': strings('h e', 'l l', 'he ll'),
      ...flags,
    }),
  )
  seeds.set(
    'sentence-piece',
    vocabulary('hello <s> <u>', {
      'tokenizer.ggml.model': string('llama'),
      'tokenizer.ggml.tokens': strings('▁', 'he', '<s>', '</s>', '<u>', '▁he'),
      'tokenizer.ggml.token_type': i32s(1, 1, 3, 3, 4, 1),
      'tokenizer.ggml.scores': { type: 'f32s', value: [0, -1, 0, 0, 0, -2] },
      'tokenizer.ggml.add_space_prefix': bool(true),
      'tokenizer.chat_template': string('{{ messages }}'),
      ...flags,
    }),
  )
  return seeds
}

const GRAMMARS = [
  'root ::= "yes" | "no"',
  'root ::= object\nobject ::= "{" ws (pair ("," ws pair)*)? "}" ws\npair ::= string ":" ws value\nvalue ::= object | string | [0-9]+ | "true"\nstring ::= "\\"" ([^"\\\\\\x00-\\x1f] | "\\\\" .)* "\\"" ws\nws ::= [ \\t\\n]*',
  'root ::= (a | b){2,4} # comment\na ::= "a" b?\nb ::= [^\\u00e9-\\U0001f600] .',
  'root ::= x{0,3} y{2} z{1,}\nx ::= "é" | ""\ny ::= [a-z_] | "\\x41"\nz ::= (("a"+)|"b")',
  'root ::= root-2\nroot-2 ::= "(" root-2 ")" | ""',
]

function grammarSeeds(): Seeds {
  const bytes = (text: string): Uint8Array =>
    Uint8Array.of(...new TextEncoder().encode(text), 0, 1, 2, 250, 7, 0, 3, 99, 255)
  return new Map(GRAMMARS.map((text, index) => [`grammar-${index}`, bytes(text)]))
}

export const SEEDS: Readonly<Record<string, () => Seeds>> = {
  loader: loaderSeeds,
  tokenizer: tokenizerSeeds,
  grammar: grammarSeeds,
}

const GGUF_WORDS = [
  ...['GGUF', 'general.architecture', 'general.name', 'general.alignment', 'split.no', 'split.count'],
  ...['split.tensors.count', ...ARCHITECTURES, 'token_embd.weight', 'output_norm.weight', 'output.weight'],
  ...[
    'rope_freqs.weight',
    'blk.0.',
    'blk.1.',
    '.weight',
    '.scale',
    'attn_norm',
    'attn_q',
    'attn_k',
    'attn_v',
  ],
  ...['attn_output', 'attn_q_norm', 'attn_k_norm', 'attn_sub_norm', 'ffn_sub_norm', 'ffn_norm', 'ffn_gate'],
  ...['ffn_up', 'ffn_down', '.block_count', '.context_length', '.embedding_length', '.feed_forward_length'],
  ...[
    '.attention.head_count',
    '.attention.head_count_kv',
    '.attention.key_length',
    '.attention.value_length',
  ],
  ...['.attention.layer_norm_rms_epsilon', '.attention.causal', '.attention.sliding_window', '.expert_count'],
  ...[
    '.hidden_activation',
    'silu',
    'relu2',
    '.rope.freq_base',
    '.rope.dimension_count',
    '.rope.scaling.type',
  ],
  ...['.rope.scaling.factor', '.rope.scale_linear', '.rope.scaling.attn_factor', 'none', 'linear', 'yarn'],
  ...['.rope.scaling.original_context_length', '.rope.scaling.yarn_ext_factor'],
  ...['\x02\0\0\0', '\x03\0\0\0', '\xff\xff\xff\xff\xff\xff\xff\x7f', '\0\0\xc0\x7f', '\0\0\x80\x7f'],
]
const VOCABULARY_WORDS = [
  ...['GGUF', 'tokenizer.ggml.model', 'gpt2', 'llama', 'tokenizer.ggml.pre', 'tokenizer.ggml.tokens'],
  ...[
    'tokenizer.ggml.token_type',
    'tokenizer.ggml.scores',
    'tokenizer.ggml.merges',
    'tokenizer.chat_template',
  ],
  ...['tokenizer.ggml.bos_token_id', 'tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id'],
  ...['tokenizer.ggml.add_bos_token', 'tokenizer.ggml.add_eos_token', 'tokenizer.ggml.add_space_prefix'],
  ...[
    'llama-bpe',
    'qwen2',
    'falcon3',
    'gpt-2',
    'default',
    'falcon',
    '<0x0A>',
    '</s>',
    '<|im_end|>',
    'Ġ',
    '▁',
  ],
  ...["\0'\0s", '\ud83d\ude00', "'\0s\0", '<\0|\0', '\n\0', ' \0'],
]
const GRAMMAR_WORDS = [
  ...[
    'root ::= ',
    'a ::= ',
    ' | ',
    '"a"',
    '[a-z]',
    '[^',
    ']',
    '(',
    ')',
    '*',
    '+',
    '?',
    '{2}',
    '{1,3}',
    '{2,}',
  ],
  ...['\\x41', '\\u00e9', '\\U0001f600', '\\n', '.', '#', '\n', 'root', '""', '-', '\\"'],
]

/** A dictionary in libFuzzer's form: quoted, all but plain ASCII as \xNN. */
function dictionary(words: readonly string[]): string {
  const quoted = (word: string): string =>
    [
      ...(/[\x80-\xff]/.test(word) && !/[\u0100-\uffff]/.test(word)
        ? Buffer.from(word, 'latin1')
        : Buffer.from(word)),
    ]
      .map(byte =>
        byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
          ? String.fromCharCode(byte)
          : `\\x${byte.toString(16).padStart(2, '0')}`,
      )
      .join('')
  return words.map(word => `"${quoted(word)}"\n`).join('')
}

export const DICTIONARIES: Readonly<Record<string, string>> = {
  loader: dictionary(GGUF_WORDS),
  tokenizer: dictionary(VOCABULARY_WORDS),
  grammar: dictionary(GRAMMAR_WORDS),
}
