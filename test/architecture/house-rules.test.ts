import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, sources } from './sources.ts'

const PROGRAMS = ['sdk', 'engine', 'node', 'indexer', 'web', 'contracts', 'scripts', 'test']
const all = PROGRAMS.flatMap(folder => sources(folder, /\.(ts|tsx)$/)).filter(
  ({ path }) => !path.startsWith('test/architecture'),
)

function offenders(pattern: RegExp, exempt: RegExp): string[] {
  return all.filter(({ path, text }) => !exempt.test(path) && pattern.test(text)).map(({ path }) => path)
}

describe('house rules', () => {
  test('only a config.ts reads the environment', () => {
    expect(offenders(/process\.env/, /(^|\/)[\w-]*config\.ts$|hardhat\.config\.ts$/)).toEqual([])
  })

  test('nothing prints with console.log: programs log events, commands write to stdout', () => {
    expect(offenders(/console\.log\(/, /^$/)).toEqual([])
  })

  test('no test is focused or skipped', () => {
    expect(offenders(/\b(?:it|test|describe)\.(?:only|skip|todo)\b/, /^$/)).toEqual([])
  })

  test('no TypeScript check is switched off', () => {
    expect(offenders(/@ts-(?:ignore|nocheck)|\bas any\b/, /^$/)).toEqual([])
  })

  test('every native target forbids contraction of floating-point operations, and nothing uses fast math', () => {
    const build = readFileSync(join(ROOT, 'engine', 'scripts', 'build.mjs'), 'utf8')

    expect(build).toContain('-ffp-contract=off')
    expect(build).not.toMatch(/-ffast-math|-Ofast/)
  })

  test('no kernel fuses a multiplication with an addition', () => {
    const fused = sources('engine/src', /\.(cpp|h)$/).filter(({ text }) =>
      /_f(?:n)?m(?:add|sub)_p[sd]\(|std::fma/.test(text),
    )

    expect(fused.map(({ path }) => path)).toEqual([])
  })
})
