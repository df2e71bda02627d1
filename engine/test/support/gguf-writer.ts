// Writes GGUF files, sound or broken on purpose.
export type GgufValue =
  | { type: 'u16' | 'u32' | 'i32' | 'f32' | 'u64'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'i32s' | 'f32s'; value: readonly number[] }

export interface GgufTensor {
  name: string
  /** ggml's type id. */
  type: number
  shape: readonly number[]
  data: Uint8Array
  /** Overrides for broken files. */
  offset?: number
  dimensions?: number
}

export interface GgufFile {
  metadata: Record<string, GgufValue>
  tensors: GgufTensor[]
  magic?: string
  version?: number
  tensorCount?: bigint
  keyCount?: bigint
}

export interface WrittenGguf {
  bytes: Uint8Array
  /** Byte offsets where a header field or section begins. */
  boundaries: number[]
}

const ALIGNMENT = 32
const VALUE_TYPES = { u16: 2, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, u64: 10 } as const
const ELEMENT_TYPES = { strings: 8, i32s: 5, f32s: 6 } as const
const ARRAY = 9

class Writer {
  private chunks: Uint8Array[] = []
  readonly boundaries: number[] = []
  length = 0

  raw(bytes: Uint8Array): void {
    this.boundaries.push(this.length)
    this.chunks.push(bytes)
    this.length += bytes.length
  }
  private number(size: number, write: (view: DataView) => void): void {
    const bytes = new Uint8Array(size)
    write(new DataView(bytes.buffer))
    this.raw(bytes)
  }
  u16(value: number): void {
    this.number(2, view => view.setUint16(0, value, true))
  }
  u32(value: number): void {
    this.number(4, view => view.setUint32(0, value, true))
  }
  i32(value: number): void {
    this.number(4, view => view.setInt32(0, value, true))
  }
  f32(value: number): void {
    this.number(4, view => view.setFloat32(0, value, true))
  }
  u64(value: bigint | number): void {
    this.number(8, view => view.setBigUint64(0, BigInt(value), true))
  }
  string(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.u64(bytes.length)
    this.raw(bytes)
  }
  pad(): void {
    this.raw(new Uint8Array((ALIGNMENT - (this.length % ALIGNMENT)) % ALIGNMENT))
  }
  bytes(): Uint8Array {
    const all = new Uint8Array(this.length)
    let at = 0
    for (const chunk of this.chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }
}

function writeScalar(writer: Writer, value: GgufValue): void {
  if (value.type === 'u16') writer.u16(value.value)
  else if (value.type === 'u32') writer.u32(value.value)
  else if (value.type === 'i32') writer.i32(value.value)
  else if (value.type === 'u64') writer.u64(value.value)
  else if (value.type === 'f32') writer.f32(value.value)
  else if (value.type === 'bool') writer.raw(Uint8Array.of(value.value ? 1 : 0))
  else if (value.type === 'string') writer.string(value.value)
}

function writeValue(writer: Writer, value: GgufValue): void {
  if (value.type !== 'strings' && value.type !== 'i32s' && value.type !== 'f32s') {
    writer.u32(VALUE_TYPES[value.type])
    writeScalar(writer, value)
    return
  }
  writer.u32(ARRAY)
  writer.u32(ELEMENT_TYPES[value.type])
  writer.u64(value.value.length)
  for (const element of value.value)
    if (typeof element === 'string') writer.string(element)
    else if (value.type === 'f32s') writer.f32(element)
    else writer.i32(element)
}

function writeTensorInfos(writer: Writer, tensors: readonly GgufTensor[]): void {
  let offset = 0
  for (const tensor of tensors) {
    writer.string(tensor.name)
    writer.u32(tensor.dimensions ?? tensor.shape.length)
    for (const size of tensor.shape) writer.u64(size)
    writer.u32(tensor.type)
    writer.u64(tensor.offset ?? offset)
    offset += Math.ceil(tensor.data.length / ALIGNMENT) * ALIGNMENT
  }
}

export function writeGguf(file: GgufFile): WrittenGguf {
  const writer = new Writer()
  writer.raw(new TextEncoder().encode(file.magic ?? 'GGUF'))
  writer.u32(file.version ?? 3)
  writer.u64(file.tensorCount ?? file.tensors.length)
  writer.u64(file.keyCount ?? Object.keys(file.metadata).length)
  for (const [key, value] of Object.entries(file.metadata)) {
    writer.string(key)
    writeValue(writer, value)
  }
  writeTensorInfos(writer, file.tensors)
  for (const tensor of file.tensors) {
    writer.pad()
    writer.raw(tensor.data)
  }
  return { bytes: writer.bytes(), boundaries: writer.boundaries }
}

/** The files that gguf-split would make of one: part `i` gets `counts[i]` tensors, the first all metadata. */
export function splitGguf(file: GgufFile, counts: readonly number[]): GgufFile[] {
  const rest = [...file.tensors]
  return counts.map((count, part) => {
    const tensors = rest.splice(0, count)
    const split: GgufFile['metadata'] = {
      'split.no': { type: 'u16', value: part },
      'split.count': { type: 'u16', value: counts.length },
      'split.tensors.count': { type: 'i32', value: file.tensors.length },
    }
    return { metadata: part === 0 ? { ...file.metadata, ...split } : split, tensors }
  })
}
