import assert from 'node:assert/strict'
import { test } from 'node:test'
import { staleAbiFiles } from '../../scripts/generate-abi.ts'

test('the typed ABIs in sdk/protocol/abi are those of the compiled contracts', async () => {
  assert.deepEqual(await staleAbiFiles(), [], 'run npm run abi -w contracts and commit the result')
})
