// Packing and linear layers of every weight type, against values computed in TypeScript from the file's bytes.
import { describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { supportedKernels } from './support/kernels.ts'
import { Random } from './support/random.ts'
import {
  ALL_WEIGHT_TYPES,
  randomWeights,
  rowValues,
  WEIGHT_TYPES,
  type WeightType,
} from './support/weight-types.ts'

// Odd counts of rows and of blocks: a part of a stripe, one stripe, several.
const SHAPES = [
  { rows: 1, blocks: 1 },
  { rows: 16, blocks: 2 },
  { rows: 37, blocks: 3 },
  { rows: 70, blocks: 5 },
]
const TOKENS = 7

/** Integers that int8 activations hold exactly: 127 in every group makes each scale 1. */
function wholeInput(random: Random, columns: number, tokens: number): Float32Array {
  return Float32Array.from({ length: columns * tokens }, (_, i) =>
    (i % columns) % 16 === 0 ? 127 : random.below(255) - 127,
  )
}

const columnsOf = (type: WeightType, blocks: number): number =>
  WEIGHT_TYPES[type].block === 1 ? 48 * blocks - 1 : WEIGHT_TYPES[type].block * blocks

describe.each(ALL_WEIGHT_TYPES)('%s', type => {
  test.each(SHAPES)('$rows rows of $blocks blocks keep their values', ({ rows, blocks }) => {
    const columns = columnsOf(type, blocks)
    const data = randomWeights(new Random(rows), type, columns, rows)

    const { weights } = native().multiply(
      'scalar',
      WEIGHT_TYPES[type].id,
      columns,
      rows,
      data,
      new Float32Array(columns),
    )

    for (let row = 0; row < rows; row++)
      expect(weights.subarray(row * columns, (row + 1) * columns)).toEqual(
        rowValues(type, data, columns, row),
      )
  })

  test.each(SHAPES)('the product of $rows rows of $blocks blocks is the sum of products', shape => {
    const { rows, blocks } = shape
    const columns = columnsOf(type, blocks)
    const random = new Random(blocks)
    const data = randomWeights(random, type, columns, rows)
    const input = wholeInput(random, columns, TOKENS)

    const { product } = native().multiply('scalar', WEIGHT_TYPES[type].id, columns, rows, data, input)

    for (let row = 0; row < rows; row++) {
      const weights = rowValues(type, data, columns, row)
      for (let token = 0; token < TOKENS; token++) {
        const terms = weights.map((weight, c) => weight * input[token * columns + c]!)
        const size = terms.reduce((sum, term) => sum + Math.abs(term), 0)
        const sum = terms.reduce((sum, term) => sum + term, 0)
        expect(Math.abs(product[token * rows + row]! - sum) / size).toBeLessThan(1e-5)
      }
    }
  })

  test('every table gives the same product', () => {
    const { rows, blocks } = SHAPES[2]!
    const columns = columnsOf(type, blocks)
    const random = new Random(3)
    const data = randomWeights(random, type, columns, rows)
    const input = Float32Array.from({ length: columns * TOKENS }, () => random.signed())

    const products = supportedKernels().map(
      kernels => native().multiply(kernels, WEIGHT_TYPES[type].id, columns, rows, data, input).product,
    )

    for (const product of products) expect(product).toEqual(products[0])
  })

  test('infinite and NaN scales or weights are refused', () => {
    const { id, block, bytes, tail } = WEIGHT_TYPES[type]
    const columns = block === 1 ? 16 : block
    const data = randomWeights(new Random(1), type, columns, 3)
    const view = new DataView(data.buffer)
    const [at, nan] = NAN_AT[type]
    if (tail !== undefined) view.setFloat32(data.length - tail, Number.NaN, true)
    else if (bytes === 4) view.setFloat32(2 * columns * bytes, Number.POSITIVE_INFINITY, true)
    else view.setUint16(data.length - bytes + at, nan, true)

    expect(() => native().multiply('scalar', id, columns, 3, data, new Float32Array(columns))).toThrow(
      expect.objectContaining({ code: 'bad_gguf' }),
    )
  })
})

/** Where a block keeps its scale, and a NaN or infinity for it. */
const NAN_AT: Record<WeightType, readonly [number, number]> = {
  f32: [0, 0],
  f16: [0, 0x7c00],
  bf16: [0, 0xff80],
  q4_0: [0, 0x7e00],
  q8_0: [0, 0xfc00],
  q4_k: [2, 0x7c00],
  q6_k: [208, 0x7e00],
  tq1_0: [52, 0x7c00],
  tq2_0: [64, 0xfe00],
  i2_s: [0, 0],
  q1_0: [0, 0x7c01],
  q2_0: [0, 0x7c00],
}

describe('refusals', () => {
  const multiply = (type: WeightType, columns: number, rows: number, data: Uint8Array): unknown =>
    native().multiply('scalar', WEIGHT_TYPES[type].id, columns, rows, data, new Float32Array(columns))

  test.each(ALL_WEIGHT_TYPES.filter(type => WEIGHT_TYPES[type].block > 1))(
    '%s with zero scales only is refused, with one other it is not',
    type => {
      const { block, tail } = WEIGHT_TYPES[type]
      const data = new Uint8Array(randomWeights(new Random(1), type, block, 2).length)
      expect(() => multiply(type, block, 2, data)).toThrow(expect.objectContaining({ code: 'bad_gguf' }))

      const view = new DataView(data.buffer)
      if (tail !== undefined) view.setFloat32(data.length - tail, 1, true)
      else view.setUint16(data.length / 2 + NAN_AT[type][0], 0x8001, true)
      expect(() => multiply(type, block, 2, data)).not.toThrow()
    },
  )

  test('rows of 65536 elements are computed, longer ones refused', () => {
    const { block, bytes } = WEIGHT_TYPES.q1_0
    const data = (columns: number): Uint8Array =>
      randomWeights(new Random(1), 'q1_0', columns, 1).subarray(0, (columns / block) * bytes)

    expect(() => multiply('q1_0', 65536, 1, data(65536))).not.toThrow()
    expect(() => multiply('q1_0', 65536 + block, 1, data(65536 + block))).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
  })

  test('the largest sums of I2_S are exact', () => {
    const columns = 65536
    const data = new Uint8Array(columns / 4 + 32).fill(0xff, 0, columns / 4) // every weight is +2
    new DataView(data.buffer).setFloat32(columns / 4, 1, true)
    const input = new Float32Array(columns).fill(127)

    for (const kernels of supportedKernels()) {
      const { product } = native().multiply(kernels, WEIGHT_TYPES.i2_s.id, columns, 1, data, input)
      expect(product[0]).toBe(2 * 127 * columns)
    }
  })
})
