import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { baseSepolia } from '../../params/base-sepolia.ts'

const HOUR = 3_600
const CONTRACTS = new URL('../../', import.meta.url)

test('every test that THREATS.md names exists in the file it names', async () => {
  const page = await readFile(new URL('THREATS.md', CONTRACTS), 'utf8')
  const named = [...page.matchAll(/`(test\/[\w/.-]+): ([^`]+)`/g)]
  assert.ok(named.length > 60, `only ${named.length} tests are named`)
  for (const [, file, name] of named) {
    const source = await readFile(new URL(file!, CONTRACTS), 'utf8')
    const isThere = file!.endsWith('.sol')
      ? source.includes(`function ${name}(`)
      : source.includes(`'${name}'`)
    assert.ok(isThere, `${file} has no test ${name}`)
  }
})

// Threat 23: a sequencer that censors for two hours takes a reward at most, for a day never money.
test('public deadlines outlast a censoring sequencer', () => {
  const { timetable, escrow, staking, court } = baseSepolia
  assert.ok(timetable.rootEnd >= 2 * HOUR)
  assert.ok(timetable.auditEnd - timetable.auditStart >= 2 * HOUR)
  assert.ok(timetable.revealEnd - timetable.auditEnd >= 2 * HOUR)
  assert.ok(escrow.thaw >= 24 * HOUR)
  assert.ok(court.answer >= 24 * HOUR)
  assert.ok(staking.unbond >= staking.challenge + 24 * HOUR)
})

// Truebit 2026-01: an unchecked addition in a pricing contract. And no timing by blocks, whose length varies.
test('no contract has unchecked arithmetic or counts blocks', async () => {
  const files = (await readdir(new URL('src/', CONTRACTS), { recursive: true })).filter(name =>
    name.endsWith('.sol'),
  )
  assert.ok(files.length > 10)
  for (const file of files) {
    const source = await readFile(new URL(`src/${file}`, CONTRACTS), 'utf8')
    assert.doesNotMatch(source, /\bunchecked\s*\{|block\.number|prevrandao/, file)
  }
})
