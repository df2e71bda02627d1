// What the bytes of each weight type mean, in double precision, from ggml's published block layouts.
import type { GgufTensor } from './gguf-writer.ts'

/** A half-precision number's value. */
export function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 0) return (sign * fraction) / 2 ** 24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

type Decode = (block: DataView, out: Float64Array) => void

/** By ggml's type id: elements and bytes of a block, and how it is read. */
const TYPES: Readonly<Record<number, { elements: number; bytes: number; decode: Decode }>> = {
  0: { elements: 1, bytes: 4, decode: (block, out) => (out[0] = block.getFloat32(0, true)) },
  1: { elements: 1, bytes: 2, decode: (block, out) => (out[0] = halfValue(block.getUint16(0, true))) },
  8: {
    elements: 32,
    bytes: 34,
    decode: (block, out) => {
      const scale = halfValue(block.getUint16(0, true))
      for (let i = 0; i < 32; i++) out[i] = scale * block.getInt8(2 + i)
    },
  },
  41: {
    elements: 128,
    bytes: 18,
    decode: (block, out) => {
      const scale = halfValue(block.getUint16(0, true))
      for (let i = 0; i < 128; i++) out[i] = (block.getUint8(2 + (i >> 3)) >> (i & 7)) & 1 ? scale : -scale
    },
  },
}

/** All elements of a tensor, row after row. */
export function dequantize(tensor: GgufTensor): Float64Array<ArrayBuffer> {
  const type = TYPES[tensor.type]
  if (!type) throw new Error(`No reference for tensors of type ${tensor.type}.`)
  const count = tensor.shape.reduce((product, size) => product * size, 1)
  const values = new Float64Array(count)
  for (let block = 0; block < count / type.elements; block++) {
    const bytes = new DataView(tensor.data.buffer, tensor.data.byteOffset + block * type.bytes, type.bytes)
    type.decode(bytes, values.subarray(block * type.elements, (block + 1) * type.elements))
  }
  return values
}
