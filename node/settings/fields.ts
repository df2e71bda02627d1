import { resolve } from 'node:path'
import { type Address, type Hex, isRegion, parseAria, parseEnergy, perToken } from '@aria/sdk/protocol'
import * as v from 'valibot'

// The kinds of values that settings hold; each message completes "expected …".

export const integer = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'a whole number'),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
  )
export const list = v.pipe(
  v.string(),
  v.transform(text =>
    text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== ''),
  ),
)
export const path = v.pipe(
  v.string(),
  v.minLength(1),
  v.transform(text => resolve(text)),
)
export const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hex digits'),
  v.transform(text => text.toLowerCase() as Address),
)
export const url = v.pipe(v.string(), v.url('a URL such as http://127.0.0.1:8545'))
export const price = v.pipe(
  v.string(),
  v.regex(/^\d{1,12}(\.\d{1,18})?$/, 'ARIA per million tokens, such as 0.5'),
  v.transform(perToken),
)
export const amount = v.pipe(
  v.string(),
  v.regex(/^\d{1,12}(\.\d{1,18})?$/, 'an amount of ARIA, such as 12.5'),
  v.transform(parseAria),
)
export const region = v.pipe(
  v.string(),
  v.transform(text => text.toUpperCase()),
  v.check(isRegion, 'a country, with its subdivision if wanted (ISO 3166): DE or DE-BE'),
)
export const energy = v.pipe(
  v.string(),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const claim = parseEnergy(value)
    if (claim !== undefined) return claim
    addIssue({
      message: 'what "aria bench" measured per token: rapl:0.85 (joules) or cpu-time:0.012 (CPU seconds)',
    })
    return NEVER
  }),
)
export const level = v.picklist(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
export const publicKey = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{64}$/, 'a public key: 0x and 64 hex digits'),
  v.transform(text => text.toLowerCase() as Hex),
)
