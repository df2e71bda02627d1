import { type Address, AriaError, type Hex } from '@aria/sdk/protocol'
import * as v from 'valibot'

/** Rows of one answer, unless fewer are asked for. */
export const PAGE_ROWS_DEFAULT = 50
export const PAGE_ROWS_MAX = 200

const operator = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address: 0x and 40 hex digits'),
  v.transform(text => text.toLowerCase() as Address),
)
const limit = v.pipe(
  v.optional(v.string(), String(PAGE_ROWS_DEFAULT)),
  v.regex(/^[0-9]{1,4}$/, `must be a number from 1 to ${PAGE_ROWS_MAX}`),
  v.transform(Number),
  v.minValue(1),
  v.maxValue(PAGE_ROWS_MAX),
)
const before = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,12}-0x[0-9a-f]{64}$/, 'must be the `next` of an earlier page'),
  v.transform(text => {
    const [endedAt, receiptHash] = text.split('-') as [string, Hex]
    return { endedAt: Number(endedAt), receiptHash }
  }),
)

export const operatorParam = v.object({ operator })
export const auditsQuery = v.object({ operator: v.optional(operator), limit })
export const requestsQuery = v.object({ operator: v.optional(operator), before: v.optional(before), limit })

/** @throws AriaError `bad_request` naming the parameter and what it must be. */
export function parseInput<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new AriaError('bad_request', `${v.getDotPath(issue) ?? 'query'}: ${issue.message}`, {
    hint: 'See indexer/api/types.ts for what each address takes.',
  })
}
