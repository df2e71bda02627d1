import { readdirSync, readFileSync } from 'node:fs'
import type { Node } from './node.ts'

const INTERVAL_MS = 2_000
const PAGE_KB = 4

interface Sample {
  atMs: number
  rssMb: number
  handles: number
}

/** Memory and open handles of every process over time, from /proc. */
export interface Sampler {
  /** Of those that nothing was done to: how much more each holds at the end of the traffic than after its warm-up. */
  growth(): { name: string; memoryMb: number; handles: number; samples: number }[]
  stop(): void
}

export function startSampler(nodes: readonly Node[]): Sampler {
  const begun = performance.now()
  const samples = new Map<string, Sample[]>(nodes.map(({ spec }) => [spec.name, []]))
  const timer = setInterval(() => {
    for (const node of nodes) {
      const sample = node.isUp() ? read(node.pid()) : undefined
      if (sample !== undefined)
        samples.get(node.spec.name)!.push({ atMs: performance.now() - begun, ...sample })
    }
  }, INTERVAL_MS)
  return {
    growth: () =>
      nodes
        .filter(node => node.isUntouched())
        .map(({ spec: { name } }) => ({
          name,
          ...growth(samples.get(name)!),
          samples: samples.get(name)!.length,
        })),
    stop: () => clearInterval(timer),
  }
}

/**
 * The least of the last quarter against the least of the second one: what a garbage collector or a passing burst holds
 * counts for nothing, what never comes back does.
 */
export function growth(samples: readonly Pick<Sample, 'rssMb' | 'handles'>[]): {
  memoryMb: number
  handles: number
} {
  const quarter = Math.floor(samples.length / 4)
  const early = samples.slice(quarter, 2 * quarter)
  const late = samples.slice(-quarter)
  if (quarter === 0) return { memoryMb: Number.NaN, handles: Number.NaN }
  const least = (some: typeof early, what: 'rssMb' | 'handles') => Math.min(...some.map(one => one[what]))
  return {
    memoryMb: least(late, 'rssMb') - least(early, 'rssMb'),
    handles: least(late, 'handles') - least(early, 'handles'),
  }
}

function read(pid: number): { rssMb: number; handles: number } | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    return { rssMb: (pages * PAGE_KB) / 1024, handles: readdirSync(`/proc/${pid}/fd`).length }
  } catch {
    return undefined // It ended between two looks.
  }
}
