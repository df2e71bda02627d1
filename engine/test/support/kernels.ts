// The kernel tables that this machine can run. Scalar is always among them.
import { native } from '../../api/native.ts'
import type { KernelChoice } from '../../config.ts'

export function supportedKernels(): KernelChoice[] {
  return (['scalar', 'avx2', 'avx512', 'neon'] as const).filter(name => {
    try {
      native().knownAnswers(name, 0)
      return true
    } catch {
      return false
    }
  })
}
