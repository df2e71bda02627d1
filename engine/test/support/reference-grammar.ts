// Grammars as trees, printed as GBNF and matched by trying everything: slow, and plainly what the notation means.
export type CodePoints = readonly (readonly [low: number, high: number])[]
export type Node =
  | { kind: 'literal'; text: string }
  | { kind: 'set'; ranges: CodePoints; negated: boolean }
  | { kind: 'rule'; name: string }
  | { kind: 'sequence'; parts: readonly Node[] }
  | { kind: 'choice'; parts: readonly Node[] }
  | { kind: 'repeat'; part: Node; least: number; most: number }
export type Rules = Readonly<Record<string, Node>>

const escaped = (codePoint: number): string => `\\U${codePoint.toString(16).padStart(8, '0')}`

function printRepeat(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`
  if (least === 0 && most === 1) return '?'
  return least === most ? `{${least}}` : `{${least},${most}}`
}

function print(node: Node): string {
  if (node.kind === 'literal') return JSON.stringify(node.text)
  if (node.kind === 'rule') return node.name
  if (node.kind === 'repeat') return `${print(node.part)}${printRepeat(node.least, node.most)}`
  if (node.kind === 'sequence') return `(${node.parts.map(print).join(' ')})`
  if (node.kind === 'choice') return `(${node.parts.map(print).join(' | ')})`
  const ranges = node.ranges.map(([low, high]) => `${escaped(low)}-${escaped(high)}`)
  return `[${node.negated ? '^' : ''}${ranges.join('')}]`
}

export const printGrammar = (rules: Rules): string =>
  Object.entries(rules)
    .map(([name, node]) => `${name} ::= ${print(node)}\n`)
    .join('')

const utf8 = new TextEncoder()
const isSurrogate = (codePoint: number): boolean => codePoint >= 0xd800 && codePoint <= 0xdfff

function inSet(codePoint: number, ranges: CodePoints, negated: boolean): boolean {
  return (
    !isSurrogate(codePoint) && ranges.some(([low, high]) => codePoint >= low && codePoint <= high) !== negated
  )
}

/** The code points whose encodings begin with these one to three bytes, lowest and highest. */
function beginningWith(bytes: Uint8Array): readonly [number, number] | undefined {
  const first = bytes[0]!
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const least = [0, 0, 0x80, 0x800, 0x10000][length]!
  if (first >= 0xf8 || (first >= 0x80 && first < 0xc0)) return undefined
  let value = length === 1 ? first : first & (0x7f >> length)
  for (const byte of bytes.subarray(1)) {
    if (byte >> 6 !== 2) return undefined
    value = (value << 6) | (byte & 0x3f)
  }
  const missing = length - bytes.length
  const low = Math.max(value << (6 * missing), least)
  const high = Math.min(((value + 1) << (6 * missing)) - 1, 0x10ffff)
  return low <= high ? [low, high] : undefined
}

/** 2 when the bytes are a text of the grammar, 1 when they begin one, else 0. */
export function matchBytes(rules: Rules, bytes: Uint8Array): 0 | 1 | 2 {
  let ranOut = false

  function matchSet(ranges: CodePoints, negated: boolean, at: number): number[] {
    for (let length = 1; length <= 4; length++) {
      if (at + length > bytes.length) {
        const span = at === bytes.length ? ([0, 0x10ffff] as const) : beginningWith(bytes.subarray(at))
        // All of them are tried: the sets of the tests are small, and most spans too.
        for (let c = span?.[0] ?? 1; c <= (span?.[1] ?? 0) && !ranOut; c++)
          if (inSet(c, ranges, negated)) ranOut = true
        return []
      }
      const whole = bytes.subarray(at, at + length)
      const span = beginningWith(whole)
      if (span === undefined) return []
      const [codePoint] = span
      if (!isSurrogate(codePoint) && Buffer.from(String.fromCodePoint(codePoint)).equals(whole))
        return inSet(codePoint, ranges, negated) ? [at + length] : []
    }
    return []
  }

  function match(node: Node, at: number): number[] {
    if (node.kind === 'rule') return match(rules[node.name]!, at)
    if (node.kind === 'set') return matchSet(node.ranges, node.negated, at)
    if (node.kind === 'choice') return [...new Set(node.parts.flatMap(part => match(part, at)))]
    if (node.kind === 'sequence') {
      let ends = [at]
      for (const part of node.parts) ends = [...new Set(ends.flatMap(end => match(part, end)))]
      return ends
    }
    if (node.kind === 'repeat') {
      const all = new Set(node.least === 0 ? [at] : [])
      let ends = [at]
      const enough = Math.min(node.most, Math.max(node.least, bytes.length + 1))
      for (let times = 1; times <= enough && ends.length > 0; times++) {
        ends = [...new Set(ends.flatMap(end => match(node.part, end)))]
        if (times >= node.least) for (const end of ends) all.add(end)
      }
      return [...all]
    }
    const wanted = utf8.encode(node.text)
    for (let i = 0; i < wanted.length; i++) {
      if (at + i === bytes.length) {
        ranOut = true
        return []
      }
      if (bytes[at + i] !== wanted[i]) return []
    }
    return [at + wanted.length]
  }

  if (match(rules['root']!, 0).includes(bytes.length)) return 2
  return ranOut ? 1 : 0
}
