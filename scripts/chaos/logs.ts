import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a program says that lost control of an error: Node's own words, a sanitizer's, or a logger's highest level. */
const UNHANDLED = [
  /unhandled ?rejection/i,
  /uncaught ?exception/i,
  /^node:internal\/.*:\d+$/,
  /^\s*(?:throw|Error|TypeError|RangeError)\b.*$/,
  /"level":60\b/,
  /Segmentation fault|core dumped|double free|FATAL ERROR/,
]
/** Expected of the chain's own program, which is not ours. */
const FOREIGN = /^(?:chain|deploy)\.log$/

/** Lines of the programs' logs that tell of an error which nobody handled. */
export function unhandledLines(logDir: string): string[] {
  const files = readdirSync(logDir).filter(file => file.endsWith('.log') && !FOREIGN.test(file))
  return files.flatMap(file =>
    unhandledIn(readFileSync(join(logDir, file), 'utf8')).map(line => `${file}: ${line.slice(0, 300)}`),
  )
}

export function unhandledIn(text: string): string[] {
  return text.split('\n').filter(line => UNHANDLED.some(pattern => pattern.test(line)))
}
