// Numbers within bounds and in steps as GBNF: a deterministic automaton over their digits, one rule per state that needs one.
// Numbers are written without exponent, and zero without a sign.
export const PLACES_MAX = 16 // digits before and behind the point, unless a bound has more
export const BOUND_PLACES_MAX = 32
export const STEP_MAX = 100 // of a step's digits as an integer: the automaton has a state for each remainder

/** A number of at least zero in decimal digits: `whole` without leading zeros but '0', `fraction` without trailing ones. */
interface Decimal {
  whole: string
  fraction: string
}
interface Edge extends Decimal {
  inclusive: boolean
}
export interface Bound {
  value: number
  inclusive: boolean
}
export interface NumberRange {
  low: Bound | undefined
  high: Bound | undefined
  /** Every number is a multiple. */
  step: number | undefined
  integer: boolean
}
interface Grid {
  modulus: number
  /** Digits behind the point at most; the digits read as one integer with this many are a multiple of the modulus. */
  places: number
}
type AddRule = (body: string) => string

/** The shortest decimal that reads as this number, as JSON and JavaScript write it. */
function decimal(value: number): Decimal {
  const [mantissa, exponent = '0'] = String(Math.abs(value)).split('e')
  const [whole = '', fraction = ''] = mantissa!.split('.')
  const shift = Number(exponent)
  const digits = shift < 0 ? whole.padStart(1 - shift, '0') + fraction : whole + fraction.padEnd(shift, '0')
  const point = shift < 0 ? Math.max(whole.length + shift, 1) : whole.length + shift
  return {
    whole: digits.slice(0, point).replace(/^0+(?=.)/, ''),
    fraction: digits.slice(point).replace(/0+$/, ''),
  }
}

/** Whether a bound has so few digits that it can be held to. */
export function isExpressible(value: number): boolean {
  const { whole, fraction } = decimal(value)
  return whole.length <= BOUND_PLACES_MAX && fraction.length <= BOUND_PLACES_MAX
}

function gridOf(step: number | undefined, integer: boolean, edges: readonly Edge[]): Grid | undefined {
  const longest = Math.max(PLACES_MAX, ...edges.map(({ fraction }) => fraction.length + 1))
  if (step === undefined) return { modulus: 1, places: integer ? 0 : longest }
  const { whole, fraction } = decimal(step)
  const modulus = Number(whole + fraction)
  if (modulus === 0) return undefined
  if (!integer || fraction === '')
    return modulus <= STEP_MAX ? { modulus, places: fraction.length } : undefined
  return undefined
}

/** Whether multiples of the step can be told apart from others here. */
export function isStep(step: number, integer: boolean): boolean {
  return step > 0 && isExpressible(step) && gridOf(step, integer, []) !== undefined
}

/** Numbers of at least zero between two edges. */
class Magnitudes {
  private readonly known = new Map<string, string | undefined>()
  private readonly low: Edge
  private readonly high: Edge | undefined
  private readonly grid: Grid
  private readonly rule: AddRule

  constructor(low: Edge, high: Edge | undefined, grid: Grid, rule: AddRule) {
    this.low = low
    this.high = high
    this.grid = grid
    this.rule = rule
  }

  /** Undefined when there is none. */
  grammar(): string | undefined {
    const shortest = this.low.whole.length
    const longest = this.high?.whole.length ?? Math.max(PLACES_MAX, shortest + 1)
    const parts: string[] = []
    for (let length = shortest; length <= longest; length++) {
      const onLow = length === shortest
      const onHigh = this.high !== undefined && length === longest
      const part = this.whole(length, length, onLow, onHigh, 0)
      if (part !== undefined) parts.push(part)
    }
    return parts.length === 0 ? undefined : this.rule(parts.join(' | '))
  }

  /** What may follow while `left` of `length` digits before the point are to come; `onLow`, `onHigh`: as the edge so far. */
  private whole(
    length: number,
    left: number,
    onLow: boolean,
    onHigh: boolean,
    rest: number,
  ): string | undefined {
    if (left === 0) return this.fraction(0, onLow, onHigh, rest)
    const at = length - left
    if (!onLow && !onHigh && at > 0 && this.grid.modulus === 1)
      return this.join(`[0-9]{${left}}`, this.fraction(0, false, false, 0))
    const key = `${onLow || onHigh || at === 0 ? length : 0} ${left} ${onLow} ${onHigh} ${rest}`
    return this.state(key, () =>
      this.digits(
        at === 0 && length > 1 ? 1 : 0,
        onLow,
        onHigh,
        this.low.whole[at],
        this.high?.whole[at],
        rest,
        (low, high, next) => this.whole(length, left - 1, low, high, next),
      ),
    )
  }

  private fraction(at: number, onLow: boolean, onHigh: boolean, rest: number): string | undefined {
    const { places, modulus } = this.grid
    if (!onLow && !onHigh && modulus === 1) {
      const least = at === 0 ? 1 : 0
      const digits = `[0-9]{${least},${places - at}}`
      if (places === at) return '""'
      return at === 0 ? `("." ${digits})?` : digits
    }
    return this.state(`f ${at} ${onLow} ${onHigh} ${rest}`, () => {
      const parts: string[] = []
      if (at < places)
        parts.push(
          ...this.digits(
            0,
            onLow,
            onHigh,
            this.low.fraction[at] ?? '0',
            this.high?.fraction[at] ?? '0',
            rest,
            (low, high, next) => this.fraction(at + 1, low, high, next),
          ).map(part => (at === 0 ? `"." ${part}` : part)),
        )
      if (this.mayEnd(at, onLow, onHigh, rest)) parts.push('""')
      return parts
    })
  }

  /** Digits that are not written are zeros. */
  private mayEnd(at: number, onLow: boolean, onHigh: boolean, rest: number): boolean {
    const { low, high, grid } = this
    if (onLow && (low.fraction.length > at || !low.inclusive)) return false
    if (onHigh && high!.fraction.length <= at && !high!.inclusive) return false
    let scaled = rest
    for (let place = at; place < grid.places && scaled !== 0; place++) scaled = (scaled * 10) % grid.modulus
    return scaled === 0
  }

  private digits(
    first: number,
    onLow: boolean,
    onHigh: boolean,
    low: string | undefined,
    high: string | undefined,
    rest: number,
    follow: (onLow: boolean, onHigh: boolean, rest: number) => string | undefined,
  ): string[] {
    const follows = new Map<string, number[]>()
    for (
      let digit = Math.max(first, onLow ? Number(low) : 0);
      digit <= (onHigh ? Number(high) : 9);
      digit++
    ) {
      const next = follow(
        onLow && digit === Number(low),
        onHigh && digit === Number(high),
        (rest * 10 + digit) % this.grid.modulus,
      )
      if (next !== undefined) follows.set(next, [...(follows.get(next) ?? []), digit])
    }
    return [...follows].map(([next, digits]) => `[${digits.join('')}] ${next}`)
  }

  private state(key: string, parts: () => string[]): string | undefined {
    if (!this.known.has(key)) {
      const made = parts()
      this.known.set(
        key,
        made.length === 0
          ? undefined
          : made.length === 1 && made[0] === '""'
            ? '""'
            : this.rule(made.join(' | ')),
      )
    }
    return this.known.get(key)
  }

  private join(first: string, next: string | undefined): string | undefined {
    return next === undefined ? undefined : `${first} ${next}`
  }
}

const ZERO = { whole: '0', fraction: '' }

/** The GBNF of the numbers of a range; `rule` adds a rule and gives its name. Undefined when there is none. */
export function numberGrammar({ low, high, step, integer }: NumberRange, rule: AddRule): string | undefined {
  const edge = (bound: Bound): Edge => ({ ...decimal(bound.value), inclusive: bound.inclusive })
  const edges = [low, high].flatMap(bound => (bound === undefined ? [] : [edge(bound)]))
  const grid = gridOf(step, integer, edges)
  if (grid === undefined) return undefined
  const isAbove = low !== undefined && low.value > 0
  const isBelow = high !== undefined && high.value < 0
  const positive = (): string | undefined => {
    if (isBelow) return undefined
    const from: Edge = isAbove ? edge(low) : { ...ZERO, inclusive: low?.value !== 0 || low.inclusive }
    return new Magnitudes(from, high && edge(high), grid, rule).grammar()
  }
  const negative = (): string | undefined => {
    if (low !== undefined && low.value >= 0) return undefined
    const from: Edge = isBelow ? edge(high) : { ...ZERO, inclusive: false }
    const found = new Magnitudes(from, low && edge(low), grid, rule).grammar()
    return found === undefined ? undefined : `"-" ${found}`
  }
  const parts = [negative(), positive()].filter(part => part !== undefined)
  return parts.length === 0 ? undefined : rule(parts.join(' | '))
}
