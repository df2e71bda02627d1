import { existsSync, readFileSync } from 'node:fs'
import type { Hex, Terms } from '@aria/sdk/protocol'

/** A client's diary, one line of JSON each; bigints are text. */
export type StreamRecord =
  | { type: 'begun'; number: number; inputTokens: number }
  | { type: 'accepted' | 'continued'; number: number; channel: Hex; node: Hex; terms: Terms; attempt: number }
  | { type: 'tokens'; number: number; tokens: number[] }
  | { type: 'rewound'; number: number; outputTokens: number }
  | { type: 'finished'; number: number; pieces: Piece[]; hasReceipt: boolean }
  | {
      type: 'failed'
      number: number
      code: string
      isTyped: boolean
      pieces: Piece[]
      attempts: number
      message: string
    }
  | { type: 'drained' }

/** What the client keeps of one order, and so pays for. */
export interface Piece {
  channel: Hex
  outputTokens: number
}

/** One provider's part, as the client saw it. */
export interface Part {
  channel: Hex
  node: Hex
  terms: Terms
  /** Tokens that arrived from it and were new to the caller, or more where the client kept more. */
  delivered: number
  /** It brought a valid receipt. */
  isSettled: boolean
}

export interface Stream {
  client: string
  number: number
  inputTokens: number
  parts: Part[]
  /** Providers that were asked; those without a part never accepted, but may hold a first voucher. */
  attempts: number
  /** Tokens that the client kept and pays for, over all providers; never more than the answer has. */
  kept: number
  tokens: number[]
  /** `cut`: the client itself was killed. */
  end: 'finished' | 'failed' | 'cut'
  code: string | undefined
  isTyped: boolean
  message: string | undefined
}

/** The number after the last one in the diary: a client that was killed goes on there. */
export function nextNumber(file: string): number {
  return readRecords(file).reduce(
    (next, record) => ('number' in record ? Math.max(next, record.number + 1) : next),
    0,
  )
}

export function readRecords(file: string): StreamRecord[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap(line => {
    try {
      return [JSON.parse(line) as StreamRecord]
    } catch {
      return [] // Killed while it wrote: the last line is half there, and the next one begins on it.
    }
  })
}

/** The streams of one client. */
export function streamsOf(client: string, records: readonly StreamRecord[]): Stream[] {
  const streams = new Map<number, Stream>()
  for (const record of records) {
    if (record.type === 'drained') continue
    if (record.type === 'begun') streams.set(record.number, begin(client, record.number, record.inputTokens))
    const stream = streams.get(record.number)
    if (stream !== undefined) take(stream, record)
  }
  return [...streams.values()]
}

function begin(client: string, number: number, inputTokens: number): Stream {
  return {
    ...{ client, number, inputTokens, parts: [], attempts: 0, kept: 0, tokens: [], end: 'cut' },
    ...{ code: undefined, isTyped: true, message: undefined },
  }
}

function take(stream: Stream, record: StreamRecord): void {
  switch (record.type) {
    case 'accepted':
    case 'continued': {
      const { channel, node, terms, attempt } = record
      stream.attempts = Math.max(stream.attempts, attempt)
      stream.parts.push({ channel, node, terms: withBigints(terms), delivered: 0, isSettled: false })
      return
    }
    case 'tokens':
      stream.tokens.push(...record.tokens)
      stream.parts.at(-1)!.delivered += record.tokens.length
      return
    case 'rewound':
      stream.tokens.length = record.outputTokens
      return
    case 'finished':
      stream.end = 'finished'
      count(stream, record.pieces)
      stream.parts.at(-1)!.isSettled = record.hasReceipt
      return
    case 'failed':
      stream.attempts = Math.max(stream.attempts, record.attempts)
      count(stream, record.pieces)
      Object.assign(stream, {
        end: 'failed',
        code: record.code,
        isTyped: record.isTyped,
        message: record.message,
      })
  }
}

/** A provider that goes on makes what nobody signed for once more: that arrives, but is not new to the caller. */
function count(stream: Stream, pieces: readonly Piece[]): void {
  const { parts } = stream
  stream.kept = pieces.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  for (const [at, { outputTokens }] of pieces.entries()) {
    // Orders come in the order of their pieces; an order that was never accepted has no piece.
    const part = parts[at]
    if (part !== undefined) part.delivered = Math.max(part.delivered, outputTokens)
  }
}

function withBigints(terms: Terms): Terms {
  const { pricePerInputToken, pricePerOutputToken, base } = terms
  return {
    ...terms,
    pricePerInputToken: BigInt(pricePerInputToken),
    pricePerOutputToken: BigInt(pricePerOutputToken),
    base: BigInt(base),
  }
}
