// What the engine reads from its environment, once.
import { availableParallelism, totalmem } from 'node:os'
import { EngineError } from './api/error.ts'

export const KERNELS = ['auto', 'scalar', 'avx2', 'avx512', 'neon'] as const
export type KernelChoice = (typeof KERNELS)[number]

export const THREADS_MAX = 256 // more than any machine's cores that a step could use

function kernelsFrom(value: string | undefined): KernelChoice {
  if (value === undefined || value === '') return 'auto'
  const choice = KERNELS.find(name => name === value)
  if (choice === undefined)
    throw new EngineError('no_cpu_support', `ARIA_KERNELS is '${value}'; use ${KERNELS.join(', ')}.`)
  return choice
}

export const defaultKernels = (): KernelChoice => kernelsFrom(process.env.ARIA_KERNELS)
export const defaultThreads = (): number => Math.min(availableParallelism(), THREADS_MAX)

const CACHE_SHARE = 1 / 4 // of memory: the model and everybody else need the rest
/** Of the machine's memory, or of the container's where that is less. */
export const defaultCacheBytes = (): number => {
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY
  return Math.floor(Math.min(totalmem(), allowed) * CACHE_SHARE)
}
