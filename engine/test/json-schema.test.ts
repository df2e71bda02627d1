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

  test('takes arrays whose first items have schemas of their own', () => {
    const pair = [{ type: 'integer' }, { type: 'boolean' }]
    holds({ prefixItems: pair, items: false }, ['[]', '[1]', '[1,true]'], ['[true]', '[1,true,1]'])
    holds(
      { prefixItems: pair, items: { type: 'null' }, minItems: 2, maxItems: 3 },
      ['[1, true]', '[1,false,null]'],
      ['[1]', '[1,true,1]', '[1,true,null,null]'],
    )
    holds({ prefixItems: pair, items: { type: 'null' }, minItems: 3 }, ['[1,true,null]'], ['[1,true]'])
    holds({ prefixItems: pair, maxItems: 1 }, ['[]', '[7]'], ['[1,true]'])
  })

  test('takes the formats of OpenAI’s structured outputs; others are annotations', () => {
    const formats: [string, string[], string[]][] = [
      [
        'date',
        ['2024-02-29', '2000-02-29', '1999-12-31', '2025-04-30'],
        ['2023-02-29', '1900-02-29', '2025-04-31', '2025-13-01', '2025-1-1', '2025-01-00'],
      ],
      ['time', ['23:59:59Z', '00:00:00.125+05:30'], ['24:00:00Z', '12:60:00Z', '12:00:00', '12:00Z']],
      [
        'date-time',
        ['2024-02-29T12:00:00Z', '1985-04-12T23:20:50.52-08:00'],
        ['2023-02-29T12:00:00Z', '2024-02-29 12:00:00Z', '2024-02-29'],
      ],
      [
        'duration',
        ['P1Y2M3DT4H5M6S', 'P4W', 'PT36H', 'P1M', 'PT1M', 'P1D'],
        ['P', 'PT', 'P1', 'P1S', 'PT1D', 'P1W2D', 'P1Y2D'],
      ],
      [
        'email',
        ['ada@example.org', "o'neil+x.y@a-b.co.uk"],
        ['ada', 'a@', '@a.b', 'a..b@c.d', 'a@b-.c', 'a b@c.d'],
      ],
      [
        'hostname',
        ['localhost', 'a.b.c.d.e', 'xn--bcher-kva.example'],
        ['', '-a', 'a-', 'a..b', 'a_b', 'a.'],
      ],
      ['ipv4', ['0.0.0.0', '255.249.199.10'], ['256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4.5']],
      [
        'ipv6',
        ['::', '::1', 'fe80::1:2', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '1::8'],
        [':', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '12345::', '1:2:3:4:5:6:7:8::'],
      ],
      [
        'uuid',
        ['123e4567-e89b-12d3-a456-426614174000'],
        ['123e4567e89b12d3a456426614174000', '123e4567-e89b-12d3-a456-42661417400g'],
      ],
    ]
    for (const [format, right, wrong] of formats)
      holds(
        { type: 'string', format },
        right.map(text => `"${text}"`),
        wrong.map(text => `"${text}"`),
      )
    holds({ type: 'string', format: 'color' }, ['"red"'], ['1'])
    holds(
      {
        properties: {
          a: { type: 'string', format: 'date' },
          b: { type: ['string', 'null'], format: 'date' },
        },
        required: ['a', 'b'],
      },
      ['{"a":"2020-01-01","b":null}'],
      ['{"a":"2020","b":null}'],
    )
  })

  test.each([
    [{ type: 'integer', minimum: '3' }, '#/minimum'],
    [{ type: 'number', maximum: 1e33 }, '#/maximum'],
    [{ type: 'integer', multipleOf: 101 }, '#/multipleOf'],
    [{ type: 'integer', multipleOf: 0.5 }, '#/multipleOf'],
    [{ type: 'number', multipleOf: 0 }, '#/multipleOf'],
    [{ properties: { a: { type: 'integer', minimum: 3, exclusiveMaximum: 3 } } }, '#/properties/a'],
    [{ type: 'string', format: 'date', maxLength: 3 }, '#/format'],
    [{ type: 'array', prefixItems: [{}], items: false, minItems: 2 }, '#/minItems'],
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
