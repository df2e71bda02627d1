import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { loadModel } from '../index.ts'
import { supportedKernels } from './support/kernels.ts'
import { writeTinyModel } from './support/tiny-model.ts'

// Seed n multiplies n tokens (and one) by rows and columns that vary with it, so these reach every tile of the kernels.
const SEEDS = Array.from({ length: 70 }, (_, index) => index + 1)

const SPECIFIED = Object.fromEntries(
  Array.from(
    readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8').matchAll(
      /^\| ([a-z0-9_ ]+?) +\| `([0-9a-f]{64})` \|$/gm,
    ),
    ([, kernel, hash]) => [kernel!, hash!],
  ),
)

describe('kernels', () => {
  test('scalar gives the known answers of the specification', () => {
    expect(native().knownAnswers('scalar', 0)).toEqual(SPECIFIED)
  })

  test('every table equals scalar bit for bit on 70 shapes', () => {
    const tables = supportedKernels().filter(kernels => kernels !== 'scalar')

    for (const seed of SEEDS) {
      const scalar = native().knownAnswers('scalar', seed)
      for (const kernels of tables)
        expect(native().knownAnswers(kernels, seed), `${kernels}, seed ${seed}`).toEqual(scalar)
    }
  })

  test('the forced table is the one that runs', async () => {
    const path = writeTinyModel()

    for (const kernels of supportedKernels()) {
      const model = await loadModel(path, { kernels, threads: 1 })
      expect(model.info.kernels).toBe(kernels)
      await model.close()
    }
  })

  test('an unknown table is refused by name', async () => {
    const kernels = 'mmx' as 'scalar'

    await expect(loadModel(writeTinyModel(), { kernels })).rejects.toMatchObject({ code: 'no_cpu_support' })
  })
})
