/** A source in which both outcomes of every `require` and `if` have a line of their own. */
export interface SplitSource {
  readonly text: string
  /** Lines (from 1) of the arms. */
  readonly arms: readonly number[]
}

const ARM = '/*arm*/'

/** Works on source as our formatter leaves it: one statement per line or wrapped inside its parentheses. */
export function splitBranches(source: string): SplitSource {
  let made = 0
  const text = split(source, () => `${ARM} uint256 arm${made++} = 1;`)
  const arms = text.split('\n').flatMap((line, index) => (line.startsWith(ARM) ? [index + 1] : []))
  return { text, arms }
}

function split(source: string, mark: () => string): string {
  let text = ''
  let at = 0
  for (const match of source.matchAll(/^([ ]+)(require|if) ?\(/gm)) {
    if (match.index < at) continue
    const [whole, indent, keyword] = match
    const open = match.index + whole.length - 1
    const close = closing(source, open)
    text += source.slice(at, match.index)
    if (keyword === 'require') {
      const [condition, error] = argumentsOf(source.slice(open + 1, close))
      text += `${indent}if (!(${oneLine(condition)})) {\n${ARM} revert ${oneLine(error)};\n} else {\n${mark()}\n}`
      at = source.indexOf(';', close) + 1
      continue
    }
    const condition = oneLine(source.slice(open + 1, close))
    const body = bodyAfter(source, close)
    const inner = split(body.text, mark)
    if (source.slice(body.end).trimStart().startsWith('else')) {
      text += `${indent}if (${condition}) {\n${mark()}\n${inner}\n}`
    } else {
      text += `${indent}if (${condition}) {\n${mark()}\n${inner}\n} else {\n${mark()}\n}`
    }
    at = body.end
  }
  return text + source.slice(at)
}

/** Of the statement or block that an `if` governs. */
function bodyAfter(source: string, close: number): { text: string; end: number } {
  const start = close + 1 + source.slice(close + 1).search(/\S/)
  if (source[start] === '{') {
    const end = closing(source, start) + 1
    return { text: source.slice(start + 1, end - 1), end }
  }
  const end = source.indexOf(';', start) + 1
  return { text: source.slice(start, end), end }
}

/** The index of the bracket that closes the one at `open`. */
export function closing(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    if ('([{'.includes(source[at]!)) depth++
    if (')]}'.includes(source[at]!)) depth--
    if (depth === 0) return at
  }
  throw new Error(`No bracket closes the one at ${open}.`)
}

/** Splits `condition, Error(…)` at its first comma outside of brackets. */
function argumentsOf(text: string): [string, string] {
  for (let at = 0, depth = 0; at < text.length; at++) {
    if ('([{'.includes(text[at]!)) depth++
    if (')]}'.includes(text[at]!)) depth--
    if (text[at] === ',' && depth === 0) return [text.slice(0, at), text.slice(at + 1)]
  }
  throw new Error(`A require without an error: ${text}`)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
