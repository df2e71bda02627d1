// Sampling as SPEC.md words it, written again without looking at the engine's code: what a referee would do.
import { native } from '../../api/native.ts'
import type { Sampling } from '../../index.ts'

const f = Math.fround
const bits = new DataView(new ArrayBuffer(4))

const roundEven = (x: number): number => f(f(x + 12582912) - 12582912)
const powerOfTwo = (n: number): number => {
  bits.setUint32(0, (n + 127) << 23)
  return bits.getFloat32(0)
}

/** exp of SPEC.md, "Elementary functions". */
export function exp(x: number): number {
  if (x < -87) return 0
  const clamped = Math.min(x, 88)
  const n = roundEven(f(clamped * f(Math.LOG2E)))
  let r = f(clamped - f(n * f(0.693359375)))
  r = f(r - f(n * f(-2.1219444e-4)))
  let p = f(1.98756915e-4)
  for (const c of [1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5])
    p = f(f(p * r) + f(c))
  const series = f(f(f(p * f(r * r)) + r) + 1)
  return f(series * powerOfTwo(n))
}

function randomAt(seed: bigint, position: number): bigint {
  const message = new DataView(new ArrayBuffer(12))
  message.setBigUint64(0, seed)
  message.setUint32(8, position)
  const hash = native().keccak256(new Uint8Array(message.buffer))
  return new DataView(hash.buffer, hash.byteOffset).getBigUint64(0)
}

interface Weighted {
  readonly token: number
  readonly weight: bigint
}

const total = (candidates: readonly Weighted[]): bigint =>
  candidates.reduce((sum, { weight }) => sum + weight, 0n)

/** The index of the first candidate at which `reached` accepts the running sum of weights. */
function firstReaching(candidates: readonly Weighted[], reached: (sum: bigint) => boolean): number {
  let sum = 0n
  return candidates.findIndex(({ weight }) => {
    sum += weight
    return reached(sum)
  })
}

/** log of SPEC.md, "Elementary functions", for normal numbers. */
export function log(x: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  let exponent = (view.getUint16(0) >> 4) - 1023
  view.setUint16(0, (view.getUint16(0) & 0xf) | 0x3ff0)
  let m = view.getFloat64(0)
  if (m > Math.SQRT2) {
    m /= 2
    exponent += 1
  }
  const ratio = (m - 1) / (m + 1)
  let series = 0
  for (let k = 23; k >= 1; k -= 2) series = series * (ratio * ratio) + 1 / k
  return exponent * Math.LN2 + 2 * (ratio * series)
}

/** What a draw depends on. */
export interface DrawInput {
  readonly logits: Float32Array
  readonly sampling: Sampling
  readonly sequence: Uint32Array
  readonly answerStart: number
  readonly seed: bigint
}

/** The logits after step 1. */
function penalized({ logits, sampling, sequence, answerStart }: DrawInput): number[] {
  const { presencePenalty = 0, frequencyPenalty = 0, repetitionPenalty = 1000 } = sampling
  const { repetitionWindow = 32_768 } = sampling
  const recent = new Set(sequence.slice(Math.max(0, sequence.length - repetitionWindow)))
  const answer = Array.from(sequence.slice(answerStart))
  return Array.from(logits, (original, token) => {
    let logit = original
    if (recent.has(token) && repetitionPenalty !== 1000) {
      const penalty = f(repetitionPenalty / 1000)
      logit = logit > 0 ? f(logit / penalty) : f(logit * penalty)
    }
    const count = answer.filter(other => other === token).length
    let bias = sampling.logitBias?.find(entry => entry.token === token)?.bias ?? 0
    if (count > 0) bias -= presencePenalty + count * frequencyPenalty
    return f(logit + f(f(bias) / 1000))
  })
}

export function referenceDraw(input: DrawInput): number {
  const { sampling, seed, sequence } = input
  const sorted = penalized(input)
    .map((logit, token) => ({ logit, token }))
    .sort((a, b) => b.logit - a.logit || a.token - b.token)
  const best = sorted[0]!
  if (sampling.temperature === 0) return best.token

  const divisor = f(sampling.temperature / 1000)
  const weightOf = (logit: number): bigint =>
    BigInt(Math.trunc(f(exp(f(f(logit - best.logit) / divisor)) * 2 ** 24)))
  let candidates: Weighted[] = sorted
    .map(({ logit, token }) => ({ token, weight: weightOf(logit) }))
    .filter(({ weight }) => weight > 0n)
  if (sampling.topK > 0) candidates = candidates.slice(0, sampling.topK)
  if (sampling.topP < 10000) {
    const needed = total(candidates) * BigInt(sampling.topP)
    candidates = candidates.slice(0, firstReaching(candidates, sum => sum * 10000n >= needed) + 1)
  }
  const least = BigInt(sampling.minP ?? 0) * 2n ** 24n
  candidates = candidates.filter(({ weight }) => weight * 10000n >= least)
  const threshold = (randomAt(seed, sequence.length) * total(candidates)) >> 64n
  return candidates[firstReaching(candidates, sum => sum > threshold)]!.token
}

/** Log-probabilities of all tokens, likeliest first. */
export function referenceLogprobs(logits: Float32Array): { token: number; logprob: number }[] {
  const sorted = Array.from(logits, (logit, token) => ({ logit, token })).sort(
    (a, b) => b.logit - a.logit || a.token - b.token,
  )
  const most = sorted[0]!.logit
  const lanes = new Float32Array(16)
  for (const [index, logit] of logits.entries()) lanes[index % 16]! += exp(f(logit - most))
  for (const width of [8, 4, 2, 1])
    for (let lane = 0; lane < width; lane++) lanes[lane]! += lanes[lane + width]!
  const normalizer = log(lanes[0]!)
  return sorted.map(({ logit, token }) => ({ token, logprob: f(f(logit - most) - normalizer) }))
}
