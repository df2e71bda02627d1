import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, measureGas, readSnapshot } from '../../scripts/gas/measure.ts'

test('every action costs the gas of the committed snapshot, within half a percent', async () => {
  const changed = differences(await measureGas(), await readSnapshot())

  assert.deepEqual(
    changed,
    [],
    'look at it, then run npm run gas -w contracts -- --write and commit the file',
  )
})
