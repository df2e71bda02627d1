/** Every number a person sees is written here. Amounts stay bigint from the wire to the text. */
const ARIA_DECIMALS = 18
const SIGNIFICANT_BELOW_ONE = 4
/** Smaller amounts than this show as "<0.000000001"; the exact value is in the title. */
const DECIMALS_MAX = 9
const MILLION = 1_000_000n

const grouped = new Intl.NumberFormat('en-US')
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const tick = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

interface Parts {
  sign: string
  whole: string
  fraction: string
}

function parts(wei: bigint): Parts {
  const digits = (wei < 0n ? -wei : wei).toString().padStart(ARIA_DECIMALS + 1, '0')
  return {
    sign: wei < 0n ? '−' : '',
    whole: digits.slice(0, -ARIA_DECIMALS).replace(/\B(?=(\d{3})+$)/g, ','),
    fraction: digits.slice(-ARIA_DECIMALS),
  }
}

/** All 18 decimals, for columns that line up on the point. */
export function fullAria(wei: bigint): string {
  const { sign, whole, fraction } = parts(wei)
  return `${sign}${whole}.${fraction}`
}

/** The exact amount without trailing zeros. */
export function exactAria(wei: bigint): string {
  return fullAria(wei).replace(/\.?0+$/, '')
}

function decimalsFor(whole: string, fraction: string): number {
  if (whole.length > 3) return 2
  if (whole !== '0') return 4
  return Math.min(DECIMALS_MAX, fraction.search(/[1-9]/) + SIGNIFICANT_BELOW_ONE)
}

/** An amount to read at a glance. Cut, never rounded up: nobody is shown money that is not there. */
export function shortAria(wei: bigint): string {
  const { sign, whole, fraction } = parts(wei)
  const shown = fraction.slice(0, decimalsFor(whole, fraction)).replace(/0+$/, '')
  if (whole === '0' && shown === '' && wei !== 0n) return `${sign}<0.${'0'.repeat(DECIMALS_MAX - 1)}1`
  return sign + whole + (shown && `.${shown}`)
}

/** People quote prices per million tokens; the chain holds wei per token. */
export function perMillion(weiPerToken: bigint): bigint {
  return weiPerToken * MILLION
}

/** How much of the whole, in percent with one decimal; null when there is no whole. */
export function share(part: bigint, whole: bigint): string | null {
  if (whole === 0n) return null
  const permille = (part * 1000n) / whole
  return `${permille / 10n}.${permille % 10n} %`
}

/** For pixels only (chart heights, bar widths). Never print it. */
export function ariaForPixels(wei: bigint): number {
  return Number(wei) / 1e18
}

/** A chart's tick: a round number that the chart chose, never an amount. */
export function axisNumber(value: number): string {
  return tick.format(value)
}

export function count(value: number | bigint): string {
  return grouped.format(value)
}

export function compactCount(value: number): string {
  return Math.abs(value) < 100_000 ? grouped.format(value) : compact.format(value)
}

/** "1 request", "2 requests". */
export function plural(value: number, noun: string): string {
  return `${grouped.format(value)} ${noun}${value === 1 ? '' : 's'}`
}

export function shortHex(hex: string): string {
  return hex.length <= 12 ? hex : `${hex.slice(0, 6)}…${hex.slice(-4)}`
}

/** "48 s", "3 min 05 s", "2 h 10 min", "4 d 3 h". */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds))
  const two = (value: number) => value.toString().padStart(2, '0')
  if (total < 60) return `${total} s`
  if (total < 3600) return `${Math.floor(total / 60)} min ${two(total % 60)} s`
  if (total < 86_400) return `${Math.floor(total / 3600)} h ${two(Math.floor((total % 3600) / 60))} min`
  return `${Math.floor(total / 86_400)} d ${Math.floor((total % 86_400) / 3600)} h`
}

/** A request's start and end are whole seconds, so anything shorter is only known to be under one. */
export function requestDuration(startedAt: number, endedAt: number): string {
  return endedAt <= startedAt ? '< 1 s' : duration(endedAt - startedAt)
}

export function ago(timeSeconds: number, nowSeconds: number): string {
  const passed = Math.floor(nowSeconds - timeSeconds)
  if (passed < -1) return `in ${coarse(-passed)}`
  return passed < 2 ? 'just now' : `${coarse(passed)} ago`
}

function coarse(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export function absoluteTime(timeSeconds: number): string {
  return dateTime.format(timeSeconds * 1000)
}
