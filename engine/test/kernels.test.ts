import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { loadModel } from '../index.ts'
import { supportedKernels } from './support/kernels.ts'
import { writeTinyModel } from './support/tiny-model.ts'

// Shapes repeat only after lcm(5, 9, 12) = 180 seeds; these reach every tile of the vector kernels.
const SEEDS = Array.from({ length: 48 }, (_, index) => index + 1)

const KNOWN_ANSWER = /`([0-9a-f]{64})`/.exec(
  readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8'),
)?.[1]

describe('kernels', () => {
  test('scalar gives the known answer of the specification', () => {
    expect(native().knownAnswer('scalar', 0)).toBe(KNOWN_ANSWER)
  })

  test('every table equals scalar bit for bit on 48 random shapes', () => {
    const scalar = SEEDS.map(seed => native().knownAnswer('scalar', seed))

    for (const kernels of supportedKernels())
      expect(
        SEEDS.map(seed => native().knownAnswer(kernels, seed)),
        kernels,
      ).toEqual(scalar)
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
