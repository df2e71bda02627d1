import { createHash } from 'node:crypto'
import { closing } from './branches.ts'

/** One small fault in a source. */
export interface Mutant {
  readonly operator: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly from: string
  readonly to: string
}

const SWAPS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  boundary: [
    [' >= ', ' > '],
    [' <= ', ' < '],
    [' > ', ' >= '],
    [' < ', ' <= '],
  ],
  comparison: [
    [' == ', ' != '],
    [' != ', ' == '],
    [' >= ', ' < '],
    [' <= ', ' > '],
  ],
  arithmetic: [
    [' + ', ' - '],
    [' - ', ' + '],
    [' * ', ' / '],
    [' / ', ' * '],
    [' % ', ' / '],
    [' >> ', ' << '],
    [' << ', ' >> '],
    [' | ', ' & '],
    [' & ', ' | '],
  ],
  logic: [
    [' && ', ' || '],
    [' || ', ' && '],
    ['(!', '('],
    ['= !', '= '],
    ['true', 'false'],
    ['false', 'true'],
    ['Math.min(', 'Math.max('],
  ],
  assignment: [
    [' += ', ' -= '],
    [' += ', ' = '],
    [' -= ', ' += '],
    [' |= ', ' = '],
  ],
}
const MODIFIERS = /(?<!modifier )\b(nonReentrant|onlyGovernor|onlyGuardian|onlySlasher)\b/g
const NUMBER = /(?<![\w.])(\d[\d_]*)(?![\w.])/g
/** Declarations and text carry no behaviour of their own; events are tested where they are read, by the indexer. */
const SKIPPED = /^\s*(\/\/|import |pragma |event |error |emit |struct |using |uint\d+ \w+;|\*)/

/** Every mutant of a source, in the order of their places. */
export function mutantsOf(source: string): Mutant[] {
  const mutants: Mutant[] = []
  let offset = 0
  for (const [index, text] of source.split('\n').entries()) {
    const code = text.replace(/\/\/.*$/, match => ' '.repeat(match.length))
    if (!SKIPPED.test(code)) {
      const add = (operator: string, at: number, from: string, to: string) =>
        mutants.push({
          operator,
          line: index + 1,
          start: offset + at,
          end: offset + at + from.length,
          from,
          to,
        })
      mutateLine(code, add)
    }
    offset += text.length + 1
  }
  for (const match of source.matchAll(/^ +require\(/gm)) {
    const open = match.index + match[0].length - 1
    const end = source.indexOf(';', closing(source, open)) + 1
    mutants.push({
      operator: 'require removal',
      line: source.slice(0, match.index).split('\n').length,
      ...{ start: match.index, end, from: source.slice(match.index, end), to: '' },
    })
  }
  return mutants
}

function mutateLine(
  code: string,
  add: (operator: string, at: number, from: string, to: string) => void,
): void {
  for (const [operator, swaps] of Object.entries(SWAPS)) {
    for (const [from, to] of swaps) {
      for (let at = code.indexOf(from); at !== -1; at = code.indexOf(from, at + from.length))
        add(operator, at, from, to)
    }
  }
  for (const match of code.matchAll(MODIFIERS)) add('modifier removal', match.index, match[0], '')
  for (const match of code.matchAll(NUMBER)) {
    if (code.includes('pragma')) continue
    // Assembly and units (1 gwei) take literals only.
    const isLiteralOnly =
      code.includes(':=') || /^ (gwei|ether|days)\b/.test(code.slice(match.index + match[0].length))
    const next = String(Number(match[0].replaceAll('_', '')) + 1)
    add('constant', match.index, match[0], isLiteralOnly ? next : `(${match[0]} + 1)`)
  }
  const statement =
    /^( {8,})([\w.[\]]+(?:\([^;]*\))?(?: [|+-]?= [^;]+)?;|\([^;]+\) = [^;]+;|delete [^;]+;)$/.exec(code)
  const deletable = statement !== null && !/^\s*(return|require)/.test(code)
  if (deletable) add('statement deletion', statement[1]!.length, statement[2]!, '')
}

export function apply(source: string, { start, end, to }: Mutant): string {
  return source.slice(0, start) + to + source.slice(end)
}

/** The same order on every machine, unrelated to the order in the file: a part of it is a fair sample. */
export function shuffled(name: string, mutants: readonly Mutant[]): Mutant[] {
  const rank = (mutant: Mutant) =>
    createHash('sha256').update(`${name} ${mutant.operator} ${mutant.start} ${mutant.to}`).digest('hex')
  return mutants
    .map(mutant => [rank(mutant), mutant] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, mutant]) => mutant)
}
