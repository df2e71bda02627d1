import { atLeast, atMost, type Check, measured } from '../checks.ts'

export interface HistoryEntry {
  step: number
  tokens: number
  /** Nats per answer token, a running mean. */
  loss: number
  heldOut: number
}

export interface Measured {
  bitsPerByte: Record<'train' | 'template' | 'fact' | 'heldOut', number>
  /** Shares of right answers, by skill and part of the corpus. */
  accuracy: Record<string, Record<'train' | 'template' | 'fact', number>>
  heldOutAccuracy: Record<string, number>
  meanAccuracy: number
  repetition: number
  bytes: number
  tokensPerSecond: number
  ablation?: Record<string, number>
  record: { parameters: number; history?: HistoryEntry[]; training: Record<string, unknown> } | undefined
}

export interface Results {
  /** Questions per skill and part. */
  count: number
  models: Record<string, Measured>
}

const BITS_RATIO_MAX = 1.1
const ACCURACY_RATIO_MIN = 0.9
/** Naive binarisation fails: it keeps less than half of the twin's right answers. */
const NAIVE_RATIO_MAX = 0.5
const QUESTIONS_MIN = 500
const BYTES_MAX = 8_000_000

const ratio = (a?: number, b?: number): number => (a ?? Number.NaN) / (b ?? Number.NaN)

/** What was measured of each file, and the figures that the 1-bit model has to reach. */
export function modelChecks({ count, models }: Results): Check[] {
  const { twin, binary, naive } = models
  return [
    atLeast('questions_per_skill', 2 * count, QUESTIONS_MIN, 'held-out questions'),
    ...Object.entries(models).flatMap(([name, one]) => checksOf(name, one)),
    atMost('binary.bytes', binary?.bytes ?? Number.NaN, BYTES_MAX, 'bytes'),
    atMost(
      'binary_to_twin.bits_per_byte',
      ratio(binary?.bitsPerByte.heldOut, twin?.bitsPerByte.heldOut),
      BITS_RATIO_MAX,
      'ratio',
    ),
    atLeast(
      'binary_to_twin.accuracy',
      ratio(binary?.meanAccuracy, twin?.meanAccuracy),
      ACCURACY_RATIO_MIN,
      'ratio',
    ),
    atMost(
      'naive_to_twin.accuracy',
      ratio(naive?.meanAccuracy, twin?.meanAccuracy),
      NAIVE_RATIO_MAX,
      'ratio',
    ),
  ]
}

function checksOf(name: string, one: Measured): Check[] {
  return [
    measured(`${name}.bits_per_byte`, one.bitsPerByte.heldOut, 'held-out bits/byte'),
    measured(`${name}.bits_per_byte.trained_kind`, one.bitsPerByte.train, 'bits/byte'),
    measured(`${name}.accuracy`, one.meanAccuracy, 'share of held-out questions'),
    ...Object.entries(one.heldOutAccuracy).map(([skill, value]) =>
      measured(`${name}.accuracy.${skill}`, value, 'share'),
    ),
    measured(`${name}.repetition`, one.repetition, 'share of runs of four words'),
    measured(`${name}.decode`, one.tokensPerSecond, 'tokens/s'),
    measured(`${name}.file`, one.bytes, 'bytes'),
    ...Object.entries(one.ablation ?? {}).map(([change, value]) =>
      measured(`${name}.ablation.${change}`, value, 'held-out bits/byte'),
    ),
  ]
}
