import { expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { checkGrammar, jsonSchemaGrammar } from '../index.ts'
import { Random } from './support/random.ts'

interface Bounds {
  type: 'integer' | 'number'
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  exclusiveMaximum?: number
  multipleOf?: number
}

const utf8 = new TextEncoder()
const match = (grammar: string, text: string): boolean =>
  native().matchGrammar(grammar, utf8.encode(text)) === 2

const PLACES = 24
/** A decimal text without exponent times 10^PLACES, exactly. */
function scaled(text: string): bigint {
  const [whole, fraction = ''] = text.replace('-', '').split('.')
  const value = BigInt(whole! + fraction.padEnd(PLACES, '0'))
  return text.startsWith('-') ? -value : value
}
function written(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(PLACES + 1, '0')
  const fraction = digits.slice(-PLACES).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -PLACES)}${fraction === '' ? '' : `.${fraction}`}`
}

/** What JSON Schema says of the number, in exact arithmetic. */
function accepts(schema: Bounds, value: bigint): boolean {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema
  if (schema.type === 'integer' && value % 10n ** BigInt(PLACES) !== 0n) return false
  if (minimum !== undefined && value < scaled(String(minimum))) return false
  if (exclusiveMinimum !== undefined && value <= scaled(String(exclusiveMinimum))) return false
  if (maximum !== undefined && value > scaled(String(maximum))) return false
  if (exclusiveMaximum !== undefined && value >= scaled(String(exclusiveMaximum))) return false
  return multipleOf === undefined || value % scaled(String(multipleOf)) === 0n
}

const SEED = 20261124
const STEPS = { integer: [2, 3, 7, 10, 16, 25, 60, 100], number: [0.01, 0.5, 0.25, 5, 0.05, 0.001, 1] }

function randomBound(random: Random, isWhole: boolean): number {
  const size = 10 ** random.below(7)
  const value = random.signed() * size
  return isWhole || random.below(3) === 0 ? Math.round(value) : Number(value.toFixed(random.below(5)))
}

function randomSchema(random: Random): Bounds {
  const type = random.below(2) === 0 ? 'integer' : 'number'
  const isWhole = type === 'integer' && random.below(4) > 0
  const schema: Bounds = { type }
  const [low, high] = [randomBound(random, isWhole), randomBound(random, isWhole)].sort((a, b) => a - b)
  if (random.below(4) > 0) schema[random.below(2) === 0 ? 'minimum' : 'exclusiveMinimum'] = low!
  if (random.below(4) > 0) schema[random.below(2) === 0 ? 'maximum' : 'exclusiveMaximum'] = high!
  const steps = STEPS[type]
  if (random.below(3) === 0) schema.multipleOf = steps[random.below(steps.length)]!
  return schema
}

/** Numbers on the edges, just beside them, and anywhere. */
function candidates(random: Random, schema: Bounds): bigint[] {
  const step = scaled(String(schema.multipleOf ?? 1))
  const edges = Object.values(schema).flatMap(value =>
    typeof value === 'number' ? [scaled(String(value))] : [],
  )
  const around = [0n, ...edges].flatMap(edge => {
    const onGrid = (edge / step) * step
    const offsets = [0n, 1n, 10n ** BigInt(PLACES - 3), 10n ** BigInt(PLACES), step]
    return offsets.flatMap(offset => [edge + offset, edge - offset, onGrid + offset, onGrid - offset])
  })
  const anywhere = Array.from({ length: 20 }, () => scaled(String(randomBound(random, false))))
  return [...around, ...anywhere]
}

const PLACES_WRITTEN = 16 // more than these are never written, so they are refused whatever the schema

test('numbers within bounds and steps are accepted, all others refused, over random schemas', () => {
  const random = new Random(SEED)
  let [accepted, refused, empty] = [0, 0, 0]
  for (let round = 0; round < 120; round++) {
    const schema = randomSchema(random)
    let grammar: string
    try {
      grammar = jsonSchemaGrammar(schema)
    } catch (error) {
      expect(error).toMatchObject({
        code: 'bad_grammar',
        message: expect.stringContaining('admits no number'),
      })
      for (const value of candidates(random, schema))
        expect(accepts(schema, value), JSON.stringify(schema)).toBe(false)
      empty++
      continue
    }
    expect(() => checkGrammar(grammar)).not.toThrow()
    for (const value of candidates(random, schema)) {
      const text = written(value)
      const fits = (text.split('.')[1] ?? '').length <= PLACES_WRITTEN
      const right = fits && accepts(schema, value)
      expect(match(grammar, text), `${JSON.stringify(schema)} on ${text}`).toBe(right)
      if (right) accepted++
      else refused++
    }
  }
  expect(accepted).toBeGreaterThan(300)
  expect(refused).toBeGreaterThan(300)
  expect(empty).toBeLessThan(30)
})

test.each<[Bounds, string[], string[]]>([
  [{ type: 'integer', minimum: 3, maximum: 120 }, ['3', '99', '120'], ['2', '121', '03', '-3', '3.0', '1e2']],
  [{ type: 'integer', exclusiveMinimum: -1 }, ['0', '9999999999999999'], ['-1', '-0', '00']],
  [{ type: 'number', exclusiveMinimum: 0 }, ['0.1', '0.0000000000000001', '7'], ['0', '0.0', '-1']],
  [
    { type: 'number', minimum: 0, maximum: 1 },
    ['0', '0.0', '1', '1.00', '0.5'],
    ['1.01', '-0.1', '.5', '1.'],
  ],
  [{ type: 'number', exclusiveMaximum: 1e-7 }, ['0.00000009', '-3'], ['0.0000001', '1']],
  [{ type: 'number', minimum: 1e21 }, ['1000000000000000000000'], ['999999999999999999999']],
  [{ type: 'number', multipleOf: 0.01 }, ['19.99', '5', '-0.5'], ['19.999']],
  [{ type: 'integer', multipleOf: 100, minimum: 0 }, ['0', '1700'], ['1', '1750']],
])('%j accepts %j and not %j', (schema, right, wrong) => {
  const grammar = jsonSchemaGrammar(schema)

  for (const text of right) expect(match(grammar, text), text).toBe(true)
  for (const text of wrong) expect(match(grammar, text), text).toBe(false)
})
