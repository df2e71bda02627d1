// Regular expressions of JSON Schema's `pattern` as GBNF, inside a JSON string: the plain subset.
import { EngineError } from './error.ts'

type Range = readonly [low: number, high: number]
const LAST = 0x10ffff
const QUOTE = 0x22
const BACKSLASH = 0x5c
const DIGIT: readonly Range[] = [[0x30, 0x39]]
const WORD: readonly Range[] = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
const NESTING_MAX = 32

const escaped = (codePoint: number): string => `\\U${codePoint.toString(16).padStart(8, '0')}`

/** Ranges without the code points of others, sorted. */
function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  return others.reduce<Range[]>(
    (kept, [low, high]) =>
      kept.flatMap(([from, to]): Range[] => [
        ...(from < low ? [[from, Math.min(to, low - 1)] as const] : []),
        ...(to > high ? [[Math.max(from, high + 1), to] as const] : []),
      ]),
    [...ranges],
  )
}

/** One character of a JSON string that stands for a code point of these ranges; control characters are left out. */
function jsonCharacter(ranges: readonly Range[], fail: (what: string) => never): string {
  const has = (codePoint: number): boolean =>
    ranges.some(([low, high]) => codePoint >= low && codePoint <= high)
  const plain = without(ranges, [
    [0, 0x1f],
    [QUOTE, QUOTE],
    [BACKSLASH, BACKSLASH],
  ])
  const parts = [
    ...(plain.length > 0
      ? [`[${plain.map(([low, high]) => `${escaped(low)}-${escaped(high)}`).join('')}]`]
      : []),
    ...(has(QUOTE) ? ['"\\\\\\""'] : []),
    ...(has(BACKSLASH) ? ['"\\\\\\\\"'] : []),
  ]
  if (parts.length === 0) fail('matches control characters only')
  return parts.length === 1 ? parts[0]! : `(${parts.join(' | ')})`
}

/** The GBNF of the contents of a JSON string that the pattern matches. Throws `bad_grammar` for what is not supported. */
export function patternGrammar(pattern: string, path: string): string {
  const fail = (what: string): never => {
    throw new EngineError('bad_grammar', `The JSON schema's ${path}: the pattern ${what}.`)
  }
  const anchoredStart = pattern.startsWith('^')
  const anchoredEnd = pattern.endsWith('$') && !pattern.endsWith('\\$')
  const text = [...pattern.slice(anchoredStart ? 1 : 0, anchoredEnd ? -1 : undefined)]
  const any = jsonCharacter([[0, LAST]], fail)
  let at = 0

  function escapedSet(): readonly Range[] {
    const character = text[at++] ?? fail('ends inside an escape')
    const known: Record<string, readonly Range[]> = {
      d: DIGIT,
      w: WORD,
      s: [
        [0x20, 0x20],
        [0xa0, 0xa0],
      ],
      D: without([[0, LAST]], DIGIT),
      W: without([[0, LAST]], WORD),
    }
    if (known[character]) return known[character]
    if (/[a-zA-Z0-9]/.test(character)) fail(`has the escape \\${character}, which is not supported`)
    const codePoint = character.codePointAt(0)!
    return [[codePoint, codePoint]]
  }

  function member(): readonly Range[] {
    if (text[at] === '\\') {
      at++
      return escapedSet()
    }
    const codePoint = text[at++]!.codePointAt(0)!
    return [[codePoint, codePoint]]
  }

  function set(): string {
    const negated = text[at] === '^'
    if (negated) at++
    const ranges: Range[] = []
    while (text[at] !== ']') {
      if (at >= text.length) fail('has a set without end')
      const low = member()
      if (text[at] === '-' && text[at + 1] !== ']' && at + 1 < text.length) {
        at++
        const high = member()
        if (low.length > 1 || high.length > 1 || high[0]![1] < low[0]![0]) fail('has a bad range')
        ranges.push([low[0]![0], high[0]![1]])
      } else ranges.push(...low)
    }
    at++
    return jsonCharacter(negated ? without([[0, LAST]], ranges) : ranges, fail)
  }

  function atom(depth: number): string {
    const character = text[at++]!
    if (character === '(') {
      if (depth === NESTING_MAX) fail(`nests deeper than ${NESTING_MAX}`)
      if (text[at] === '?') {
        if (text[at + 1] !== ':') fail('has a group other than (?:…), which is not supported')
        at += 2
      }
      const inner = alternatives(depth + 1)
      if (text[at++] !== ')') fail('has a group without end')
      return `(${inner})`
    }
    if (character === '[') return set()
    if (character === '.') return any
    if (character === '\\') return jsonCharacter(escapedSet(), fail)
    if ('^$*+?{}'.includes(character)) fail(`has '${character}' where it is not supported`)
    const codePoint = character.codePointAt(0)!
    return jsonCharacter([[codePoint, codePoint]], fail)
  }

  function quantifier(): string {
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(text.slice(at, at + 16).join(''))?.[0] ?? ''
    at += found.length
    if (found !== '' && text[at] === '?') fail('has a lazy quantifier, which is not supported')
    return found
  }

  function alternatives(depth: number): string {
    const parts = ['']
    while (at < text.length && text[at] !== ')') {
      if (text[at] === '|') {
        at++
        parts.push('')
      } else parts.push(`${parts.pop()} ${atom(depth)}${quantifier()}`)
    }
    return parts.map(part => part.trim() || '""').join(' | ')
  }

  const inner = alternatives(0)
  if (at < text.length) fail("has a ')' too many")
  return `${anchoredStart ? '' : `${any}* `}(${inner})${anchoredEnd ? '' : ` ${any}*`}`
}
