import type { GgufTensor } from './gguf-writer.ts'
import { ALL_WEIGHT_TYPES, rowValues, WEIGHT_TYPES } from './weight-types.ts'

/** All elements of a tensor, row after row, in double precision. */
export function dequantize(tensor: GgufTensor): Float64Array<ArrayBuffer> {
  const type = ALL_WEIGHT_TYPES.find(name => WEIGHT_TYPES[name].id === tensor.type)
  if (!type) throw new Error(`No reference for tensors of type ${tensor.type}.`)
  const [columns, rows = 1] = tensor.shape as [number, number?]
  const values = new Float64Array(columns * rows)
  for (let row = 0; row < rows; row++) values.set(rowValues(type, tensor.data, columns, row), row * columns)
  return values
}
