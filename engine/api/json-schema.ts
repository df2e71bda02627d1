// JSON Schema to GBNF. Every answer of the grammar is JSON that the schema accepts; not the other way round: properties
// come in the schema's order, and none that it does not name unless `additionalProperties` allows them.
import { EngineError } from './error.ts'
import { FORMATS } from './json-format.ts'
import {
  BOUND_PLACES_MAX,
  type Bound,
  isExpressible,
  isStep,
  numberGrammar,
  STEP_MAX,
} from './json-number.ts'
import { patternGrammar } from './json-pattern.ts'
import { GRAMMAR_LENGTH_MAX } from './sampling.ts'

type Schema = Readonly<Record<string, unknown>>

const DEPTH_MAX = 64
const COUNT_MAX = 65_536
// What says nothing about which values are right. A `format` that is not in FORMATS is an annotation too, as in 2020-12.
const ANNOTATIONS = new Set(
  '$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly format'.split(
    ' ',
  ),
)
const BOUNDS = ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum', 'multipleOf']
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern'],
  number: BOUNDS,
  integer: BOUNDS,
  boolean: [],
  null: [],
}
const SHARED = `ws ::= (" " | "\\n" " "{0,20})?
hex ::= [0-9a-fA-F]
char ::= [^"\\\\\\x00-\\x1f] | "\\\\" (["\\\\/bfnrt] | "u" ([0-9a-cA-Ce-fE-F] hex{3} | [dD] [0-7] hex{2}))
string ::= "\\"" char* "\\""
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
number ::= integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
boolean ::= "true" | "false"
null ::= "null"
member ::= string ":" ws value
object ::= "{" ws (member ("," ws member)*)? ws "}"
array ::= "[" ws (value ("," ws value)*)? ws "]"
value ::= object | array | string | number | boolean | null
`

const literal = (text: string): string =>
  `"${text.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, c => `\\x${c.codePointAt(0)!.toString(16).padStart(2, '0')}`)}"`
const setMember = (character: string): string =>
  `\\U${character.codePointAt(0)!.toString(16).padStart(8, '0')}`

function fail(path: string, what: string): never {
  throw new EngineError('bad_grammar', `The JSON schema's ${path} ${what}.`)
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function count(schema: Schema, keyword: string, path: string): number | undefined {
  const value = schema[keyword]
  if (value === undefined) return undefined
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > COUNT_MAX)
    fail(`${path}/${keyword}`, `is ${String(value)}; an integer from 0 to ${COUNT_MAX} is expected`)
  return value as number
}

function numeric(schema: Schema, keyword: string, path: string): number | undefined {
  const value = schema[keyword]
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) return fail(`${path}/${keyword}`, 'is no number')
  if (!isExpressible(value))
    fail(
      `${path}/${keyword}`,
      `is ${value}, which has more than ${BOUND_PLACES_MAX} digits on a side of the point`,
    )
  return value
}

/** The narrower of two bounds, of which the second excludes its value; `sign` is 1 for lower ones, -1 for upper ones. */
function narrower(value: number | undefined, excluded: number | undefined, sign: 1 | -1): Bound | undefined {
  if (excluded !== undefined && (value === undefined || sign * excluded >= sign * value))
    return { value: excluded, inclusive: false }
  return value === undefined ? undefined : { value, inclusive: true }
}

function typesOf(schema: Schema, path: string): string[] {
  const given = schema['type']
  const implied = Object.keys(KEYWORDS)
    .filter(type => KEYWORDS[type]!.some(keyword => keyword in schema))
    .filter(type => type !== 'integer')
  if (given === undefined) return implied
  const types = Array.isArray(given) ? given : [given]
  for (const type of types)
    if (typeof type !== 'string' || !(type in KEYWORDS))
      fail(`${path}/type`, `is ${JSON.stringify(given)}, which is no type`)
  return types as string[]
}

class Converter {
  private readonly rules: string[] = []
  private readonly references = new Map<string, string>()
  private readonly formats = new Set<string>()
  private length = 0
  private names = 0
  private readonly root: unknown
  constructor(root: unknown) {
    this.root = root
  }

  convert(): string {
    const start = this.value(this.root, '#', 0)
    return `root ::= ws ${start} ws\n${SHARED}${this.rules.join('')}`
  }

  private rule(body: string, name = `r${this.names++}`): string {
    const text = `${name} ::= ${body}\n`
    this.length += text.length
    if (this.length > GRAMMAR_LENGTH_MAX)
      fail('#', `makes a grammar of more than ${GRAMMAR_LENGTH_MAX} characters`)
    this.rules.push(text)
    return name
  }

  private value(schema: unknown, path: string, depth: number): string {
    if (depth > DEPTH_MAX) fail(path, `nests deeper than ${DEPTH_MAX}`)
    if (schema === true) return 'value'
    if (!isObject(schema)) return fail(path, 'is no schema')
    for (const keyword of ['$ref', 'const', 'enum', 'anyOf', 'oneOf', 'allOf'] as const)
      if (keyword in schema) return this.combined(schema, keyword, path, depth)

    const types = typesOf(schema, path)
    this.checkKeywords(schema, ['type', ...types.flatMap(type => KEYWORDS[type]!)], path)
    if (types.length === 0) return 'value'
    const parts = types.map(type => this.typed(type, schema, path, depth))
    return parts.length === 1 ? parts[0]! : `(${parts.join(' | ')})`
  }

  private checkKeywords(schema: Schema, allowed: readonly string[], path: string): void {
    for (const keyword of Object.keys(schema))
      if (!allowed.includes(keyword) && !ANNOTATIONS.has(keyword))
        fail(`${path}/${keyword}`, 'is not supported here')
  }

  private combined(schema: Schema, keyword: string, path: string, depth: number): string {
    const value = schema[keyword]
    const where = `${path}/${keyword}`
    this.checkKeywords(
      schema,
      keyword === 'const' || keyword === 'enum' ? [keyword, 'type'] : [keyword],
      path,
    )
    if (keyword === '$ref') return this.reference(value, where, depth)
    if (keyword === 'const') return this.rule(literal(JSON.stringify(value)))
    if (!Array.isArray(value) || value.length === 0) return fail(where, 'is not an array of at least one')
    if (keyword === 'enum') return this.rule(value.map(entry => literal(JSON.stringify(entry))).join(' | '))
    if (keyword === 'allOf' && value.length > 1)
      fail(where, 'has more than one schema, which is not supported')
    return this.rule(value.map((part, i) => this.value(part, `${where}/${i}`, depth + 1)).join(' | '))
  }

  private reference(reference: unknown, path: string, depth: number): string {
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      return fail(
        path,
        `is ${JSON.stringify(reference)}; a reference inside the schema, beginning with '#', is expected`,
      )
    const known = this.references.get(reference)
    if (known !== undefined) return known
    const name = `d${this.references.size}`
    this.references.set(reference, name)
    let target: unknown = this.root
    for (const part of reference.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      target =
        typeof target === 'object' && target !== null && Object.hasOwn(target, key)
          ? (target as Schema)[key]
          : undefined
    }
    if (target === undefined) fail(path, `refers to ${reference}, which is not there`)
    return this.rule(this.value(target, reference, depth + 1), name)
  }

  private typed(type: string, schema: Schema, path: string, depth: number): string {
    if (type === 'object') return this.object(schema, path, depth)
    if (type === 'array') return this.array(schema, path, depth)
    if (type === 'string') return this.string(schema, path)
    if (type === 'number' || type === 'integer') return this.number(type, schema, path)
    return type
  }

  private number(type: string, schema: Schema, path: string): string {
    if (!BOUNDS.some(keyword => keyword in schema)) return type
    const [minimum, above, maximum, below, step] = BOUNDS.map(keyword => numeric(schema, keyword, path))
    const integer = type === 'integer'
    if (step !== undefined && !isStep(step, integer))
      fail(
        `${path}/multipleOf`,
        `is ${step}; ${integer ? 'an integer' : 'a number whose digits make an integer'} from 1 to ${STEP_MAX} is expected`,
      )
    const range = { low: narrower(minimum, above, 1), high: narrower(maximum, below, -1), step, integer }
    return numberGrammar(range, body => this.rule(body)) ?? fail(path, 'admits no number')
  }

  private string(schema: Schema, path: string): string {
    const least = count(schema, 'minLength', path)
    const most = count(schema, 'maxLength', path)
    const pattern = schema['pattern']
    const format = FORMATS.get(schema['format'])
    if (format !== undefined) {
      if (pattern !== undefined || least !== undefined || most !== undefined)
        fail(`${path}/format`, 'beside a length or pattern is not supported')
      return this.formatted(schema['format'] as string, format)
    }
    if (pattern !== undefined) {
      if (typeof pattern !== 'string') fail(`${path}/pattern`, 'is no text')
      if (least !== undefined || most !== undefined)
        fail(`${path}/pattern`, 'beside a length is not supported')
      return this.rule(`"\\"" ${patternGrammar(pattern as string, `${path}/pattern`)} "\\""`)
    }
    if (least === undefined && most === undefined) return 'string'
    if (most !== undefined && most < (least ?? 0)) fail(`${path}/maxLength`, 'is below minLength')
    return this.rule(`"\\"" char{${least ?? 0},${most ?? ''}} "\\""`)
  }

  private formatted(format: string, contents: string): string {
    const name = `f-${format}`
    if (!this.formats.has(name)) this.rule(`"\\"" ${contents} "\\""`, name)
    this.formats.add(name)
    return name
  }

  private array(schema: Schema, path: string, depth: number): string {
    const least = count(schema, 'minItems', path) ?? 0
    const most = count(schema, 'maxItems', path)
    if (most !== undefined && most < least) fail(`${path}/maxItems`, 'is below minItems')
    if (most === 0) return this.rule('"[" ws "]"')
    const first = schema['prefixItems'] ?? []
    if (!Array.isArray(first)) return fail(`${path}/prefixItems`, 'is no array')
    const items = schema['items'] ?? true
    if (items === false && least > first.length)
      fail(`${path}/minItems`, 'is more than prefixItems, and no others are allowed')
    let rest =
      items === false
        ? '""'
        : this.further(this.value(items, `${path}/items`, depth + 1), first.length, least, most)
    for (let at = Math.min(first.length, most ?? COUNT_MAX) - 1; at >= 0; at--) {
      const item = this.value(first[at], `${path}/prefixItems/${at}`, depth + 1)
      const from = this.rule(`${at === 0 ? '' : '"," ws '}${item} ${rest}`)
      rest = at < least ? from : `${from}?`
    }
    return this.rule(`"[" ws ${rest} ws "]"`)
  }

  /** Items behind the first `before`, which have schemas of their own, up to the counts of the whole array. */
  private further(item: string, before: number, least: number, most: number | undefined): string {
    if (most !== undefined && most <= before) return '""'
    const skipped = Math.max(before, 1)
    const more = `("," ws ${item}){${Math.max(least - skipped, 0)},${most === undefined ? '' : most - skipped}}`
    if (before > 0) return more
    return least === 0 ? `(${item} ${more})?` : `${item} ${more}`
  }

  // first<i>: no member is written yet and properties from i on may come; rest<i>: some are.
  private object(schema: Schema, path: string, depth: number): string {
    const properties = schema['properties'] ?? {}
    if (!isObject(properties)) return fail(`${path}/properties`, 'is no object')
    const names = Object.keys(properties)
    const required = schema['required'] ?? []
    if (!Array.isArray(required)) return fail(`${path}/required`, 'is no array')
    for (const name of required)
      if (!names.includes(name))
        fail(`${path}/required`, `names ${JSON.stringify(name)}, which is no property`)
    const additional = schema['additionalProperties'] ?? names.length === 0
    const extra = additional === false ? undefined : this.additional(names, additional, path, depth)

    let first = extra === undefined ? this.rule('""') : this.rule(`(${extra} ("," ws ${extra})*)?`)
    let rest = extra === undefined ? this.rule('""') : this.rule(`("," ws ${extra})*`)
    for (const name of names.toReversed()) {
      const value = this.value(properties[name], `${path}/properties/${name}`, depth + 1)
      const member = this.rule(`${literal(`${JSON.stringify(name)}:`)} ws ${value}`)
      const optional = !required.includes(name)
      first = this.rule(`${member} ${rest}${optional ? ` | ${first}` : ''}`)
      rest = this.rule(`"," ws ${member} ${rest}${optional ? ` | ${rest}` : ''}`)
    }
    return this.rule(`"{" ws ${first} ws "}"`)
  }

  // Members of any name but the properties'. Names with escapes are left out: they could spell a property.
  private additional(names: readonly string[], schema: unknown, path: string, depth: number): string {
    const value = this.value(schema, `${path}/additionalProperties`, depth + 1)
    const key =
      names.length === 0
        ? 'char*'
        : this.otherThan(
            names.map(name => [...name]),
            0,
          )
    return this.rule(`"\\"" ${key} "\\"" ":" ws ${value}`)
  }

  private otherThan(names: readonly (readonly string[])[], at: number): string {
    const next = Map.groupBy(
      names.filter(name => name.length > at),
      name => name[at]!,
    )
    const others = `[^"\\\\\\x00-\\x1f${[...next.keys()].map(setMember).join('')}] [^"\\\\\\x00-\\x1f]*`
    const deeper = [...next].map(
      ([character, group]) => `[${setMember(character)}] ${this.otherThan(group, at + 1)}`,
    )
    const end = names.some(name => name.length === at) ? [] : ['""']
    return this.rule([others, ...deeper, ...end].join(' | '))
  }
}

/**
 * The grammar of the JSON texts that a schema accepts, for `sampling({ grammar })`. Throws `bad_grammar`, naming the path,
 * for what cannot be held to: `not`, `if`, `patternProperties`, several `allOf`, remote references and others.
 */
export function jsonSchemaGrammar(schema: unknown): string {
  return new Converter(schema).convert()
}
