// The published architectures in double precision, as plainly as they can be written: what a model means, against
// which both the engine and llama.cpp can be wrong. Shares no code with the engine; works on the writer's own tensors.
// Sources: Llama (arXiv:2302.13971), Qwen3 (arXiv:2505.09388), BitNet b1.58 2B4T (arXiv:2504.12285), YaRN (arXiv:2309.00071).
import type { GgufFile, GgufTensor } from './gguf-writer.ts'
import { dequantize } from './reference-weights.ts'

type Vector = Float64Array<ArrayBuffer>

interface Matrix {
  readonly columns: number
  readonly rows: number
  readonly values: Vector
}

const isBitnet = (architecture: string): boolean => architecture.startsWith('bitnet')

/** Logits after every position of one sequence. */
export function referenceLogits(file: GgufFile, tokens: readonly number[]): Vector[] {
  return new ReferenceModel(file).run(tokens)
}

export class ReferenceModel {
  private readonly tensors: ReadonlyMap<string, GgufTensor>
  private readonly known = new Map<string, Matrix>()
  private readonly architecture: string
  private readonly file: GgufFile

  constructor(file: GgufFile) {
    this.file = file
    this.tensors = new Map(file.tensors.map(tensor => [tensor.name, tensor]))
    this.architecture = String(file.metadata['general.architecture']!.value)
  }

  private number(key: string): number | undefined {
    const value = this.file.metadata[`${this.architecture}.${key}`]?.value
    return typeof value === 'number' ? value : undefined
  }
  private text(key: string): string | undefined {
    const value = this.file.metadata[`${this.architecture}.${key}`]?.value
    return typeof value === 'string' ? value : undefined
  }

  private matrix(name: string): Matrix {
    const found = this.known.get(name)
    if (found) return found
    const tensor = this.tensors.get(name)
    if (!tensor) throw new Error(`The model has no tensor ${name}.`)
    const [columns, rows = 1] = tensor.shape as [number, number?]
    const matrix = { columns, rows, values: dequantize(tensor) }
    this.known.set(name, matrix)
    return matrix
  }

  /** `name.weight` times x, times `name.scale` where there is one. */
  private project(name: string, x: Vector): Vector {
    const { columns, rows, values } = this.matrix(`${name}.weight`)
    const scale = this.tensors.has(`${name}.scale`) ? this.matrix(`${name}.scale`).values[0]! : 1
    return Float64Array.from({ length: rows }, (_, row) => {
      let sum = 0
      for (let c = 0; c < columns; c++) sum += values[row * columns + c]! * x[c]!
      return sum * scale
    })
  }

  private norm(name: string, x: Vector): Vector {
    const weights = this.matrix(`${name}.weight`).values
    const epsilon = this.number('attention.layer_norm_rms_epsilon')!
    const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length
    return x.map((value, i) => (value / Math.sqrt(mean + epsilon)) * weights[i]!)
  }

  /** The angle of each pair per position, and the length of the rotated pairs. */
  private rotation(): { frequencies: number[]; magnitude: number } {
    const rotated = this.number('rope.dimension_count') ?? this.number('attention.key_length')!
    const base = this.number('rope.freq_base')!
    const factor = this.number('rope.scaling.factor') ?? 1
    const type = this.text('rope.scaling.type') ?? 'linear'
    const divisors = this.tensors.has('rope_freqs.weight')
      ? this.matrix('rope_freqs.weight').values
      : undefined
    const plain = Array.from(
      { length: rotated / 2 },
      (_, i) => base ** ((-2 * i) / rotated) / (divisors?.[i] ?? 1),
    )
    const given = this.number('rope.scaling.attn_factor') ?? 1
    if (type === 'none') return { frequencies: plain, magnitude: given }
    if (type === 'linear') return { frequencies: plain.map(f => f / factor), magnitude: given }

    const original = this.number('rope.scaling.original_context_length') ?? this.number('context_length')!
    const pairTurning = (turns: number): number =>
      (rotated * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(base))
    const low = Math.max(Math.floor(pairTurning(32)), 0)
    const high = Math.min(Math.ceil(pairTurning(1)), rotated - 1)
    const frequencies = plain.map((f, i) => {
      const ramp = Math.min(Math.max((i - low) / Math.max(high - low, 0.001), 0), 1)
      return (f / factor) * ramp + f * (1 - ramp)
    })
    return { frequencies, magnitude: given * (1 + 0.1 * Math.log(factor)) }
  }

  run(tokens: readonly number[]): Vector[] {
    const layers = this.number('block_count')!
    const embedding = this.matrix('token_embd.weight')
    let streams = tokens.map(token =>
      embedding.values.slice(token * embedding.columns, (token + 1) * embedding.columns),
    )
    for (let layer = 0; layer < layers; layer++) streams = this.layer(`blk.${layer}`, streams)
    const head = this.tensors.has('output.weight') && !isBitnet(this.architecture) ? 'output' : 'token_embd'
    return streams.map(x => this.project(head, this.norm('output_norm', x)))
  }

  private layer(name: string, streams: Vector[]): Vector[] {
    const attended = this.attention(
      name,
      streams.map(x => this.norm(`${name}.attn_norm`, x)),
    )
    return streams.map((x, position) => {
      const middle = add(x, attended[position]!)
      const u = this.norm(`${name}.ffn_norm`, middle)
      const up = this.project(`${name}.ffn_up`, u)
      const gate = this.project(`${name}.ffn_gate`, u)
      let inner = gate.map((value, i) => this.gated(value) * up[i]!)
      if (isBitnet(this.architecture)) inner = this.norm(`${name}.ffn_sub_norm`, inner)
      return add(middle, this.project(`${name}.ffn_down`, inner))
    })
  }

  private gated(value: number): number {
    const usual = this.architecture === 'bitnet-b1.58' || this.architecture === 'bitnet-25' ? 'relu2' : 'silu'
    if ((this.text('hidden_activation') ?? usual) === 'silu') return value / (1 + Math.exp(-value))
    return Math.max(value, 0) ** 2
  }

  /** Outputs of the attention block for every position. */
  private attention(name: string, inputs: Vector[]): Vector[] {
    const width = this.number('attention.key_length')!
    const heads = this.number('attention.head_count')!
    const kvHeads = this.number('attention.head_count_kv')!
    const split = (x: Vector): Vector[] =>
      Array.from({ length: x.length / width }, (_, head) => x.slice(head * width, (head + 1) * width))
    const prepare = (kind: 'q' | 'k', x: Vector, position: number): Vector[] =>
      split(this.project(`${name}.attn_${kind}`, x)).map(head =>
        this.rotate(
          this.architecture === 'qwen3' ? this.norm(`${name}.attn_${kind}_norm`, head) : head,
          position,
        ),
      )
    const queries = inputs.map((x, position) => prepare('q', x, position))
    const keys = inputs.map((x, position) => prepare('k', x, position))
    const values = inputs.map(x => split(this.project(`${name}.attn_v`, x)))

    return inputs.map((_, position) => {
      const out = new Float64Array(heads * width)
      for (let head = 0; head < heads; head++) {
        const shared = Math.floor(head / (heads / kvHeads))
        const scores = keys
          .slice(0, position + 1)
          .map(key => dot(queries[position]![head]!, key[shared]!) / Math.sqrt(width))
        const most = Math.max(...scores)
        const weights = scores.map(score => Math.exp(score - most))
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (const [t, weight] of weights.entries())
          for (let i = 0; i < width; i++) out[head * width + i]! += (weight / total) * values[t]![shared]![i]!
      }
      const normed = isBitnet(this.architecture) ? this.norm(`${name}.attn_sub_norm`, out) : out
      return this.project(`${name}.attn_output`, normed)
    })
  }

  private rotate(head: Vector, position: number): Vector {
    const { frequencies, magnitude } = this.rotation()
    const out = head.slice()
    for (const [i, frequency] of frequencies.entries()) {
      const [a, b] = this.architecture === 'llama' ? [2 * i, 2 * i + 1] : [i, i + frequencies.length]
      const [cosine, sine] = [
        Math.cos(position * frequency) * magnitude,
        Math.sin(position * frequency) * magnitude,
      ]
      out[a] = head[a]! * cosine - head[b]! * sine
      out[b] = head[a]! * sine + head[b]! * cosine
    }
    return out
  }
}

const add = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!)

function dot(a: Vector, b: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
