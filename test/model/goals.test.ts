import { expect, test } from 'vitest'
import { type Measured, modelChecks } from '../../scripts/train/goals.ts'
import { curves } from '../../scripts/train/plot.ts'

function measured(bits: number, accuracy: number): Measured {
  const parts = { train: bits, template: bits, fact: bits }
  return {
    bitsPerByte: { ...parts, heldOut: bits },
    accuracy: { story: { train: accuracy, template: accuracy, fact: accuracy } },
    heldOutAccuracy: { story: accuracy },
    meanAccuracy: accuracy,
    repetition: 0,
    bytes: 2_500_000,
    tokensPerSecond: 100,
    record: undefined,
  }
}

const missed = (models: Record<string, Measured>, count = 250): string[] =>
  modelChecks({ count, models })
    .filter(({ ok }) => !ok)
    .map(({ name }) => name)

test('a ±1 model at the limits of its twin meets every goal', () => {
  const models = { twin: measured(1, 1), binary: measured(1.1, 0.9), naive: measured(5, 0.5) }

  expect(missed(models)).toEqual([])
})

test('a ±1 model beyond the limits of its twin misses its goals, and so does a naive one that works', () => {
  const models = { twin: measured(1, 1), binary: measured(1.11, 0.89), naive: measured(5, 0.51) }

  expect(missed(models)).toEqual([
    'binary_to_twin.bits_per_byte',
    'binary_to_twin.accuracy',
    'naive_to_twin.accuracy',
  ])
})

test('what was not trained here is a missed goal, not a met one', () => {
  expect(missed({ shipped: measured(1, 0.8) })).toEqual([
    'binary.bytes',
    'binary_to_twin.bits_per_byte',
    'binary_to_twin.accuracy',
    'naive_to_twin.accuracy',
  ])
})

test('too few questions miss the goal', () => {
  const models = { twin: measured(1, 0.8), binary: measured(1, 0.8), naive: measured(5, 0) }

  expect(missed(models, 249)).toEqual(['questions_per_skill'])
})

test('a plot has a line and a name for each curve', () => {
  const picture = curves([
    {
      label: 'twin',
      points: [
        [1, 2],
        [2, 1],
      ],
    },
    {
      label: '±1',
      points: [
        [1, 3],
        [2, 1.5],
      ],
    },
  ])

  expect(picture.match(/<polyline/g)).toHaveLength(2)
  expect(picture).toContain('±1')
  expect(picture).not.toContain('NaN')
})
