// The figures that were promised, against what was measured.
import { atLeast, atMost, type Check, measured } from '../../checks.ts'
import type { Best, Probe, ShapeResult } from './measure.ts'
import { multiplications, SHAPES, type ShapeName, weightBytes } from './shapes.ts'

export interface Results {
  shapes: Map<ShapeName, ShapeResult>
  /** One and two threads. */
  before: Probe[]
  after: Probe[]
  /** Tokens per CPU-second with drafts over those without, by transcript. */
  speculation: ReadonlyMap<string, number>
}

type Side = 'ours' | 'peer'

export function engineChecks(results: Results): Check[] {
  const get = (shape: ShapeName, side: Side, key: string): Best | undefined =>
    results.shapes.get(shape)?.[side].get(key)
  const ratio = (shape: ShapeName, key: string) =>
    (get(shape, 'ours', key)?.tokensPerSecond ?? Number.NaN) /
    (get(shape, 'peer', key)?.tokensPerSecond ?? Number.NaN)
  const ours = (shape: ShapeName, key: string) => get(shape, 'ours', key)?.tokensPerSecond ?? Number.NaN
  // The machine's rate may change within a run: the better probe is the stricter comparison.
  const probeOf = (threads: number) => {
    const all = [...results.before, ...results.after].filter(each => each.threads === threads)
    return {
      readGBps: Math.max(...all.map(({ readGBps }) => readGBps)),
      vnniTops: Math.max(...all.map(({ vnniTops }) => vnniTops)),
    }
  }
  const one = probeOf(1)
  const promised: Check[] = [
    atLeast('decode.bonsai-1.7b.vs_llamacpp', ratio('bonsai-1.7b', 'decode.1'), 5, 'x'),
    atLeast(
      'decode.bonsai-1.7b.bandwidth',
      (ours('bonsai-1.7b', 'decode.1') * weightBytes('bonsai-1.7b')) / 1e9 / one.readGBps,
      0.7,
      'of probe',
    ),
    atLeast('decode.bitnet-0.7b.vs_llamacpp', ratio('bitnet-0.7b', 'decode.1'), 2.2, 'x'),
    atLeast('decode.bitnet-0.7b.tokens_per_s', ours('bitnet-0.7b', 'decode.1'), 118, 'tokens/s'),
    atLeast('decode.bitnet-2b4t.vs_llamacpp', ratio('bitnet-2b4t', 'decode.1'), 1.6, 'x'),
    atLeast('prefill.bonsai-1.7b.vs_llamacpp', ratio('bonsai-1.7b', 'prefill.1'), 7, 'x'),
    atLeast(
      'prefill.bonsai-1.7b.vnni',
      (ours('bonsai-1.7b', 'prefill.1') * prefillOperations('bonsai-1.7b')) / 1e12 / one.vnniTops,
      0.6,
      'of probe',
    ),
    atLeast('prefill.bitnet-0.7b.vs_llamacpp', ratio('bitnet-0.7b', 'prefill.1'), 3, 'x'),
    atLeast('batch16.bonsai-1.7b.vs_llamacpp', ratio('bonsai-1.7b', 'batch16.2'), 6, 'x'),
    atLeast('batch16.bitnet-0.7b.vs_llamacpp', ratio('bitnet-0.7b', 'batch16.2'), 4, 'x'),
    atLeast('cpu_saved_vs_fp16.0.7b', cpuSaved(get), 0.85, 'share'),
    atMost('verify.cpu_ratio.0.7b', verifyRatio(get, 'bitnet-0.7b'), 0.45, 'CPU-s/CPU-s'),
    atMost('verify.cpu_ratio.bonsai-1.7b', verifyRatio(get, 'bonsai-1.7b'), 0.65, 'CPU-s/CPU-s'),
    atMost('load.2b4t.seconds', results.shapes.get('bitnet-2b4t')?.loadSeconds ?? Number.NaN, 3, 's'),
    atLeast('speculation.gain', Math.min(...results.speculation.values()), 1.3, 'x'),
  ]
  return [...promised, ...everything(results)]
}

type Get = (shape: ShapeName, side: Side, key: string) => Best | undefined

/** Operations of one prefilled token: layers for every token, the head for the last alone. */
function prefillOperations(shape: ShapeName): number {
  return 2 * SHAPES[shape].layers * multiplications(shape).layer
}

/** Against the peer's own FP16, which is the best FP16 there is beside us. */
function cpuSaved(get: Get): number {
  const mine = get('bitnet-0.7b', 'ours', 'decode.1')?.tokensPerCpuSecond ?? Number.NaN
  const fp16 = get('f16-0.7b', 'peer', 'decode.1')?.tokensPerCpuSecond ?? Number.NaN
  return 1 - fp16 / mine
}

function verifyRatio(get: Get, shape: ShapeName): number {
  const check = get(shape, 'ours', 'verify.1')?.tokensPerCpuSecond ?? Number.NaN
  const generate = get(shape, 'ours', 'generate.1')?.tokensPerCpuSecond ?? Number.NaN
  return generate / check
}

/** Every figure behind the promised ones, without goals. */
function everything({ shapes, before, after, speculation }: Results): Check[] {
  const probes = [...before.map(p => ['before', p] as const), ...after.map(p => ['after', p] as const)]
  return [
    ...probes.flatMap(([when, { threads, readGBps, vnniTops }]) => [
      measured(`probe.${when}.threads_${threads}.read`, readGBps, 'GB/s'),
      measured(`probe.${when}.threads_${threads}.vnni`, vnniTops, 'TOPS'),
    ]),
    ...[...speculation].map(([name, gain]) => measured(`speculation.${name}`, gain, 'x')),
    ...[...shapes].flatMap(([name, result]) => [
      ...figures(`${name}.ours`, result.ours),
      ...figures(`${name}.llamacpp`, result.peer),
    ]),
  ]
}

function figures(prefix: string, values: ReadonlyMap<string, Best>): Check[] {
  return [...values].flatMap(([key, { tokensPerSecond, tokensPerCpuSecond }]) => {
    const [job, threads] = key.split('.')
    return [
      measured(`${prefix}.${job}.threads_${threads}`, tokensPerSecond, 'tokens/s'),
      measured(`${prefix}.${job}.threads_${threads}.per_cpu_s`, tokensPerCpuSecond, 'tokens/CPU-s'),
    ]
  })
}
