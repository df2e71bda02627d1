// Fates of mutants, kept between runs for as long as what they depend on is unchanged.
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'
import { CONTRACTS, testsIn } from './scratch.ts'
import { hashOf } from './solidity-tests.ts'

export type Fate = 'killed' | 'survived' | 'invalid' | 'equivalent'

export interface Verdict {
  readonly fate: Fate
  /** `file: test` of the first test that noticed. */
  readonly by?: string
}

interface Record_ extends Verdict {
  readonly mutant: string
  /** Hash of the contract's source. */
  readonly source: string
  /** Hash of the tests it rests on: one file of tests noticed it, or none of all did. */
  readonly tests: string
}

export interface Records {
  find(mutant: Mutant): Verdict | undefined
  keep(mutant: Mutant, verdict: Verdict): Promise<void>
}

/** @param files All tests that a survivor has survived. */
export async function openRecords(name: string, source: string, files: readonly string[]): Promise<Records> {
  const path = join(CONTRACTS, '.cache/mutation', `${name}.jsonl`)
  await mkdir(join(CONTRACTS, '.cache/mutation'), { recursive: true })
  const base = await testsIn('base', '.sol')
  const sourceHash = createHash('sha256').update(source).digest('hex')
  const allHash = await hashOf([...base, ...files])
  const fileHash = new Map(
    await Promise.all(files.map(async file => [file, await hashOf([...base, file])] as const)),
  )
  const restsOn = ({ fate, by }: Verdict): string => {
    if (fate === 'survived') return allHash
    return by === undefined ? '' : (fileHash.get(by.split(':')[0]!) ?? 'a file that is gone')
  }
  const text = await readFile(path, 'utf8').catch(() => '')
  const found = new Map<string, Verdict>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const { mutant, source: of, tests, ...verdict } = JSON.parse(line) as Record_
    if (of === sourceHash && tests === restsOn(verdict)) found.set(mutant, verdict)
  }
  return {
    find: mutant => found.get(keyOf(mutant)),
    keep: (mutant, verdict) => {
      const record: Record_ = {
        mutant: keyOf(mutant),
        source: sourceHash,
        tests: restsOn(verdict),
        ...verdict,
      }
      return appendFile(path, `${JSON.stringify(record)}\n`)
    },
  }
}

function keyOf({ operator, start, to }: Mutant): string {
  return `${operator} ${start} ${to}`
}
