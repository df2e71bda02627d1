import { decode, encode } from 'cborg'

export type Random = () => number
export const below = (random: Random, limit: number): number => Math.floor(random() * limit)
const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)]!

/** Longest input that mutation makes: larger ones are the frame reader's business, which has a target of its own. */
export const INPUT_BYTES_MAX = 8_192
const EDITS_MAX = 6
const BYTES = [
  0, 1, 0x17, 0x18, 0x1b, 0x40, 0x58, 0x5b, 0x60, 0x7f, 0x80, 0x9b, 0x9f, 0xa0, 0xc0, 0xf6, 0xf9, 0xff,
]

type Edit = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array

function splice(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const joined = new Uint8Array(bytes.length - removed + inserted.length)
  joined.set(bytes.subarray(0, at))
  joined.set(inserted, at)
  joined.set(bytes.subarray(at + removed), at + inserted.length)
  return joined
}

function part(bytes: Uint8Array, random: Random): { at: number; count: number } {
  const at = below(random, bytes.length + 1)
  return { at, count: below(random, Math.min(64, bytes.length - at) + 1) }
}

const EDITS: readonly Edit[] = [
  (bytes, random) => setByte(bytes, random, old => old ^ (1 << below(random, 8))),
  (bytes, random) => setByte(bytes, random, () => pick(random, BYTES)),
  (bytes, random) => setByte(bytes, random, () => below(random, 256)),
  (bytes, random) => setByte(bytes, random, old => old + pick(random, [1, -1, 16, -16])),
  (bytes, random) => bytes.slice(0, below(random, bytes.length + 1)),
  (bytes, random) => {
    const { at, count } = part(bytes, random)
    return splice(bytes, at, count, new Uint8Array(0))
  },
  (bytes, random) => {
    const { at, count } = part(bytes, random)
    return splice(bytes, at, 0, bytes.slice(at, at + count))
  },
  (bytes, random) => {
    const inserted = Uint8Array.from({ length: 1 + below(random, 12) }, () => below(random, 256))
    return splice(bytes, below(random, bytes.length + 1), 0, inserted)
  },
  (bytes, random, others) => {
    const other = pick(random, others)
    const { at, count } = part(other, random)
    return splice(bytes, below(random, bytes.length + 1), 0, other.slice(at, at + count))
  },
  (bytes, random, others) => {
    const other = pick(random, others)
    const at = below(random, bytes.length + 1)
    return splice(bytes, at, bytes.length - at, other.slice(below(random, other.length + 1)))
  },
]

function setByte(bytes: Uint8Array, random: Random, change: (old: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes
  const copy = bytes.slice()
  const at = below(random, copy.length)
  copy[at] = change(copy[at]!)
  return copy
}

/** One to six edits of bytes. */
export function mutateBytes(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = pick(random, seeds)
  for (let edits = 1 + below(random, EDITS_MAX); edits > 0; edits--)
    bytes = pick(random, EDITS)(bytes, random, seeds)
  return bytes.subarray(0, INPUT_BYTES_MAX)
}

type Tree = unknown

/** What a value may turn into: the edges of every type that a parser could meet. */
const VALUES: readonly Tree[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    23,
    24,
    255,
    256,
    65_535,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 40,
    2 ** 53,
    -(2 ** 53),
  ],
  ...[
    0.5,
    1e308,
    -0,
    '',
    'a',
    '\0',
    '\u{1f600}',
    '\ud800',
    '__proto__',
    'x'.repeat(401),
    '0x',
    '0x00',
    '-1',
    '1e9',
  ],
  ...[[], [[]], [null], {}, { constructor: 1 }, '9'.repeat(41), '0'.repeat(40), [[[[[[[[[[]]]]]]]]]]],
]
const BINARY: readonly Tree[] = [
  ...[0, 1, 4, 8, 12, 16, 19, 20, 21, 31, 32, 33, 64, 65, 66, 256].map(count => new Uint8Array(count)),
  ...[1, 8, 12, 16, 20, 32, 65].map(count => new Uint8Array(count).fill(0xff)),
]

/** Changes one place of a tree of lists and objects: its value, its presence, its neighbour. */
function mutateTree(tree: Tree, random: Random, values: readonly Tree[]): Tree {
  const isBranch = typeof tree === 'object' && tree !== null && !(tree instanceof Uint8Array)
  if (!isBranch || random() < 0.1) return pick(random, values)
  const entries = Object.entries(tree)
  if (entries.length === 0) return Array.isArray(tree) ? [pick(random, values)] : { x: pick(random, values) }
  const at = below(random, entries.length)
  const kind = below(random, 8)
  if (kind === 0) entries.splice(at, 1)
  else if (kind === 1) entries.splice(at, 0, [`${entries[at]![0]}2`, entries[at]![1]])
  else if (kind === 2) entries[at] = [entries[at]![0], pick(random, entries)[1]]
  else if (kind === 3 && !Array.isArray(tree)) entries[at] = [String(pick(random, values)), entries[at]![1]]
  else entries[at] = [entries[at]![0], mutateTree(entries[at]![1], random, values)]
  return Array.isArray(tree) ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}

/** Half of the inputs change fields of a message that stays CBOR, half change its bytes; `skip` bytes stay as they are. */
export function mutateCbor(seeds: readonly Uint8Array[], random: Random, skip: number): Uint8Array {
  if (random() < 0.5) return mutateBytes(seeds, random)
  const seed = pick(random, seeds)
  let tree: Tree = decode(seed.subarray(skip))
  for (let edits = 1 + below(random, 3); edits > 0; edits--)
    tree = mutateTree(tree, random, [...VALUES, ...BINARY, ...BINARY])
  return splice(encode(tree), 0, 0, seed.subarray(0, skip)).subarray(0, INPUT_BYTES_MAX)
}

/** The same for JSON. */
export function mutateJson(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  if (random() < 0.3) return mutateBytes(seeds, random)
  let tree: Tree = JSON.parse(new TextDecoder().decode(pick(random, seeds)))
  for (let edits = 1 + below(random, 3); edits > 0; edits--) tree = mutateTree(tree, random, VALUES)
  return new TextEncoder().encode(JSON.stringify(tree) ?? 'null').subarray(0, INPUT_BYTES_MAX)
}
