import { describe, expect, test } from 'vitest'
import { sources } from './sources.ts'

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

  test('every build of the engine forbids contraction of floating-point operations, and nothing uses fast math', () => {
    const scripts = sources('engine/scripts', /\.mjs$/)
    const builds = scripts.filter(({ path }) => /build[\w-]*\.mjs$|-sources\.mjs$/.test(path))
    const flags = scripts.find(({ path }) => path.endsWith('/compile.mjs'))

    expect(flags?.text).toContain("'-ffp-contract=off'")
    for (const { text } of builds.filter(({ text }) => text.includes('flags:')))
      expect(text).toContain('...FLAGS')
    for (const { text } of scripts) expect(text).not.toMatch(/-ffast-math|-Ofast/)
  })

  test('no kernel fuses a multiplication with an addition', () => {
    const fused = sources('engine/src', /\.(cpp|h)$/).filter(({ text }) =>
      /_f(?:n)?m(?:add|sub)_p[sd]\(|std::fma|vfm[as]q?_|vml[as]q?_f|relaxed_/.test(text),
    )

    expect(fused.map(({ path }) => path)).toEqual([])
  })
})
