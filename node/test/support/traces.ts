import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { tokenBytes } from '@aria/sdk/protocol'
import type { Log } from '../../observe/log.ts'

/** Keeps everything that is logged, at every level, as text. */
export function recordingLog(): { log: Log; text: () => string } {
  const lines: string[] = []
  const record = (facts: object, event: string) => {
    lines.push(JSON.stringify([event, facts], (_, v) => (typeof v === 'bigint' ? `${v}` : v)))
  }
  return { log: { debug: record, info: record, warn: record, error: record }, text: () => lines.join('\n') }
}

/** Files below a folder in which these tokens stand, as the bytes that are sent and hashed, or written out as numbers. */
export function filesWith(folder: string, tokens: readonly number[]): string[] {
  const forms = [Buffer.from(tokenBytes(Uint32Array.from(tokens))), ...writtenForms(tokens).map(Buffer.from)]
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => statSync(join(folder, name)).isFile())
    .filter(name => forms.some(form => readFileSync(join(folder, name)).includes(form)))
}

export function writtenForms(tokens: readonly number[]): string[] {
  const hex = Buffer.from(tokenBytes(Uint32Array.from(tokens))).toString('hex')
  return [tokens.join(','), tokens.join(', '), tokens.join(' '), hex]
}
