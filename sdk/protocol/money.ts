import { AriaError } from './errors.ts'

/** Base units of one ARIA. */
export const ARIA = 10n ** 18n

/** Exact decimal text of a wei amount, without trailing zeros. */
export function formatAria(wei: bigint): string {
  const sign = wei < 0n ? '-' : ''
  const digits = (wei < 0n ? -wei : wei).toString().padStart(19, '0')
  const fraction = digits.slice(-18).replace(/0+$/, '')
  return sign + digits.slice(0, -18) + (fraction && `.${fraction}`)
}

/** Wei of a decimal text such as "0.000002". @throws AriaError `bad_config`. */
export function parseAria(text: string): bigint {
  const match = /^(\d{1,12})(?:\.(\d{1,18}))?$/.exec(text)
  if (match === null) {
    throw new AriaError('bad_config', `"${text}" is not an amount of ARIA.`, {
      hint: 'Write a decimal such as 12.5, at most 18 places.',
    })
  }
  return BigInt(match[1]!) * ARIA + BigInt((match[2] ?? '').padEnd(18, '0'))
}

/** Wei per token from a price per million tokens, the way people quote prices. */
export function perToken(ariaPerMillion: string): bigint {
  return parseAria(ariaPerMillion) / 1_000_000n
}

/** The other way around: what a million tokens cost, for a person. */
export function perMillion(weiPerToken: bigint): string {
  return formatAria(weiPerToken * 1_000_000n)
}
