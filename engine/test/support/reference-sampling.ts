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

export function referenceDraw(
  logits: Float32Array,
  sampling: Sampling,
  seed: bigint,
  position: number,
): number {
  const sorted = Array.from(logits, (logit, token) => ({ logit, token })).sort(
    (a, b) => b.logit - a.logit || a.token - b.token,
  )
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
  const threshold = (randomAt(seed, position) * total(candidates)) >> 64n
  return candidates[firstReaching(candidates, sum => sum > threshold)]!.token
}
