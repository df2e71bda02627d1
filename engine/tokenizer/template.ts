// Runs a chat template within limits. A model file is a stranger's: its template may loop for ever or grow without end.
// The limits count steps, not time, so that a template is refused on every machine or on none.
import * as jinja from '@huggingface/jinja'
import { EngineError } from '../api/error.ts'
import { INDENT_MAX, TEMPLATE_CHARACTERS, TEMPLATE_LENGTH_MAX, TEMPLATE_STEPS } from './limits.ts'
import type { ChatMessage } from './types.ts'

interface Node {
  type: string
  filter?: { type: string; callee?: { value?: unknown }; args?: { type: string; value?: unknown }[] }
}
interface Value {
  value: unknown
}
interface Scope {
  set(name: string, value: unknown): unknown
}
interface Evaluator {
  run(program: unknown): Value
  evaluate(node: Node | undefined, scope: Scope): Value
}
// The library's own declarations do not resolve under this project's module settings.
const { Environment, Interpreter, parse, tokenize } = jinja as unknown as {
  Environment: new () => Scope
  Interpreter: new (scope: Scope) => Evaluator
  parse(tokens: unknown): unknown
  tokenize(source: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }): unknown
}

const refused = (what: string): EngineError =>
  new EngineError('bad_template', `The chat template was stopped: ${what}.`)

const PADDING_FILTERS = new Set(['indent', 'tojson'])

class BoundedInterpreter extends Interpreter {
  private steps: number
  private characters: number

  constructor(environment: Scope, messages: readonly ChatMessage[]) {
    super(environment)
    const length = messages.reduce((sum, { content }) => sum + content.length, 0)
    this.steps = TEMPLATE_STEPS.base + TEMPLATE_STEPS.perMessage * messages.length
    this.characters = TEMPLATE_CHARACTERS.base + TEMPLATE_CHARACTERS.perCharacter * length
  }

  // Everything that is looked at or made passes through here: what is large costs its size, before it can be looped over.
  override evaluate(node: Node | undefined, environment: Scope): Value {
    this.steps -= 1
    this.checkPadding(node, environment)
    const result = super.evaluate(node, environment)
    const { value } = result
    if (typeof value === 'string') this.characters -= value.length
    else if (Array.isArray(value)) this.steps -= value.length
    else if (value instanceof Map) this.steps -= value.size
    if (this.steps < 0) throw refused('it takes too many steps')
    if (this.characters < 0) throw refused('it makes too much text')
    return result
  }

  // A padding of any width costs one step: it is looked at before it is made.
  private checkPadding(node: Node | undefined, environment: Scope): void {
    const filter = node?.filter
    if (filter?.type !== 'CallExpression' || !PADDING_FILTERS.has(String(filter.callee?.value))) return
    for (const argument of filter.args ?? []) {
      if (argument.type.endsWith('SpreadExpression'))
        throw refused('it spreads the arguments of a padding filter')
      const plain = argument.type === 'KeywordArgumentExpression' ? argument.value : argument
      const { value } = super.evaluate(plain as Node, environment)
      if (typeof value === 'number' && value > INDENT_MAX)
        throw refused(`it pads by ${value}; at most ${INDENT_MAX} is allowed`)
    }
  }
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  const count = Math.ceil((to - from) / step)
  if (!(count <= TEMPLATE_STEPS.base)) throw refused(`it asks for a range of ${count}`)
  return Array.from({ length: Math.max(count, 0) }, (_, i) => from + i * step)
}

const two = (value: number): string => String(value).padStart(2, '0')
const named = (style: Intl.DateTimeFormatOptions, date: Date): string => date.toLocaleString('en-US', style)
const DATE_PARTS: Readonly<Record<string, (date: Date) => string>> = {
  Y: date => String(date.getFullYear()),
  m: date => two(date.getMonth() + 1),
  d: date => two(date.getDate()),
  H: date => two(date.getHours()),
  M: date => two(date.getMinutes()),
  S: date => two(date.getSeconds()),
  b: date => named({ month: 'short' }, date),
  B: date => named({ month: 'long' }, date),
  a: date => named({ weekday: 'short' }, date),
  A: date => named({ weekday: 'long' }, date),
  '%': () => '%',
}

/** Python's strftime of now, local time; conversions that no template uses stay as they are. */
function strftimeNow(format: string): string {
  const now = new Date()
  return String(format).replaceAll(/%(.)/g, (whole, part: string) => DATE_PARTS[part]?.(now) ?? whole)
}

const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  strftime_now: strftimeNow,
  raise_exception(message: unknown): never {
    throw new EngineError('bad_template', `The chat template refuses the messages: ${String(message)}`)
  },
}

function failed(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new EngineError('bad_template', `The chat template failed: ${message}`, { cause: error })
}

export type Render = (messages: readonly ChatMessage[], values: Readonly<Record<string, unknown>>) => string

/** @throws EngineError `bad_template`, also later, when rendering goes wrong or past a limit. */
export function chatTemplate(source: string): Render {
  if (source.length > TEMPLATE_LENGTH_MAX)
    throw refused(`it has ${source.length} characters; at most ${TEMPLATE_LENGTH_MAX} are allowed`)
  let program: unknown
  try {
    program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }))
  } catch (error) {
    throw failed(error)
  }
  return (messages, values) => {
    try {
      const environment = new Environment()
      for (const [name, value] of Object.entries({ ...GLOBALS, ...values, messages }))
        environment.set(name, value)
      return String(new BoundedInterpreter(environment, messages).run(program).value)
    } catch (error) {
      throw failed(error)
    }
  }
}
