import { expect, test } from 'vitest'
import { sources } from './sources.ts'

/** Past this, a file holds a second idea (style guide); generated files and data tables are no ideas. */
const LINES_MAX = 500

test(`no source file is longer than ${LINES_MAX} lines`, () => {
  const long = ['sdk', 'engine', 'node', 'indexer', 'web', 'contracts', 'scripts', 'test']
    .flatMap(folder => sources(folder, /\.(ts|tsx|cpp|h|sol|mjs)$/))
    .filter(({ path }) => !path.includes('/abi/') && !path.includes('/drizzle/'))
    .filter(({ text }) => text.split('\n').length > LINES_MAX)

  expect(long.map(({ path }) => path)).toEqual([])
})
