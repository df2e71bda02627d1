import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { checkGrammar, jsonSchemaGrammar, loadModel, sampling } from '../index.ts'

const match = (grammar: string, text: string): boolean =>
  native().matchGrammar(grammar, new TextEncoder().encode(text)) === 2
function holds(schema: unknown, right: readonly string[], wrong: readonly string[]): void {
  const grammar = jsonSchemaGrammar(schema)
  expect(() => checkGrammar(grammar), grammar).not.toThrow()
  for (const text of right) expect(match(grammar, text), `${JSON.stringify(schema)} on ${text}`).toBe(true)
  for (const text of wrong) expect(match(grammar, text), `${JSON.stringify(schema)} on ${text}`).toBe(false)
}

const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 12 },
    age: { type: ['integer', 'null'] },
    mood: { enum: ['good', 'bad "x"', null] },
  },
  required: ['name', 'age'],
  additionalProperties: false,
}
const LIST = {
  $defs: {
    node: {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
      required: ['next'],
    },
  },
  $ref: '#/$defs/node',
}

describe('a JSON schema as a grammar', () => {
  test('takes any value, and each type', () => {
    holds(
      {},
      ['1', '-2.5e10', '"a\\n\\u00e9"', '[]', '{"a": [true, null]}'],
      ['', '01', '"', '{a:1}', '"\\ud800"'],
    )
    holds({ type: 'boolean' }, ['true', 'false'], ['1', 'null'])
    holds({ type: 'integer' }, ['0', '-12'], ['1.5', '007'])
    holds({ const: { a: [1] } }, ['{"a":[1]}'], ['{"a":[2]}'])
  })

  test('takes objects with required, optional and further properties', () => {
    holds(
      PERSON,
      ['{"name": "Ada", "age": 36}', '{"name":"é","age":null,"mood":"bad \\"x\\""}'],
      ['{"name":"Ada"}', '{"age":1,"name":"a"}', '{"name":"","age":1}', '{"name":"Ada","age":36,"x":1}'],
    )
    const open = { properties: { ab: { type: 'integer' }, b: {} }, additionalProperties: { type: 'boolean' } }
    holds(open, ['{}', '{"a":true}', '{"ab":1,"abc":false,"":true}', '{"b":"x"}'], ['{"ab":true}', '{"a":1}'])
  })

  test('takes arrays, alternatives and recursion', () => {
    holds(
      { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 3 },
      ['[1, 2]', '[1,2,3]'],
      ['[1]', '[1,2,3,4]'],
    )
    holds({ type: 'array', maxItems: 0 }, ['[]'], ['[1]'])
    holds(
      { oneOf: [{ type: 'null' }, { type: 'array', items: { type: 'boolean' } }] },
      ['null', '[]', '[true]'],
      ['[1]'],
    )
    holds(LIST, ['{"next":null}', '{"next":{"next":{"next":null}}}'], ['{"next":{}}', '{}'])
  })

  test('takes patterns', () => {
    const pattern = (text: string): object => ({ type: 'string', pattern: text })
    holds(pattern('^[a-c]{2,3}\\d+$'), ['"ab12"'], ['"a1"', '"abcd1"', '"ab"'])
    holds(pattern('b+|(?:x.)?y'), ['"abbc"', '"zxqy"'], ['"ac"'])
    holds(pattern('^["\\\\]\\.[^a]$'), ['"\\".b"', '"\\\\.\\""'], ['"x.b"', '".a"'])
  })

  test.each([
    [{ type: 'integer', minimum: 3 }, '#/minimum'],
    [{ properties: { a: { not: {} } } }, '#/properties/a/not'],
    [{ type: 'object', patternProperties: {} }, '#/patternProperties'],
    [{ $ref: 'https://example.com/x' }, '#/$ref'],
    [{ $ref: '#/$defs/none' }, '#/$ref'],
    [{ allOf: [{}, {}] }, '#/allOf'],
    [{ anyOf: [{ type: 'date' }] }, '#/anyOf/0/type'],
    [{ type: 'string', pattern: '(?=a)' }, '#/pattern'],
    [{ type: 'string', minLength: -1 }, '#/minLength'],
    [{ type: 'object', required: ['a'] }, '#/required'],
    [false, '#'],
  ])('refuses %j, naming the path', (schema, path) => {
    expect(() => jsonSchemaGrammar(schema)).toThrow(
      expect.objectContaining({
        code: 'bad_grammar',
        message: expect.stringContaining(path),
      }),
    )
  })
})

const model = await loadModel(fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url)))
afterAll(() => model.close())

describe('the built-in model held to a schema', () => {
  test.each([
    ['a person', PERSON],
    ['a list', LIST],
    ['pairs', { type: 'array', items: { type: 'string', maxLength: 5 }, minItems: 1, maxItems: 3 }],
  ])('answers JSON only: %s', async (_, schema) => {
    const prompt = model.tokenizer.encodeChat([{ role: 'user', content: 'Answer in JSON.' }])
    for (let seed = 0n; seed < 3n; seed++) {
      const settings = sampling({ temperature: 1, grammar: jsonSchemaGrammar(schema) })
      const session = model.createSession()
      await session.prefill(prompt)
      const output = await session.decode(200, settings, seed)
      await session.close()

      const ended = model.tokenizer.stopTokens.includes(output.at(-1)!)
      if (ended) expect(() => JSON.parse(model.tokenizer.decode(output))).not.toThrow()
      expect(native().matchGrammar(settings.grammar!, Buffer.from(model.tokenizer.decode(output)))).toBe(
        ended ? 2 : 1,
      )
      expect(await model.verify({ prompt, output, sampling: settings, seed })).toEqual({ match: true })
    }
  })
})
