// Requests as portable/commands.h reads them: of the WebAssembly module and of the native driver.
import type { Sampling } from '../api/sampling.ts'
import type { Transcript } from '../api/verify.ts'

const CHUNK = 64 // the most tokens of one step

/** Hashes of every kernel's answers on inputs that follow from the seed. */
export const knownRequest = (kernels: string, seed: number): string => `known kernels=${kernels} seed=${seed}`

/** Hashes of what every layer makes of the tokens, `chunk` of them per step. */
export const traceRequest = (tokens: Uint32Array, chunk = CHUNK): string =>
  `trace tokens=${tokens} chunk=${chunk}`

export const verifyRequest = ({ prompt, output, sampling, seed }: Transcript): string =>
  `verify prompt=${prompt} output=${output} seed=${seed} ${samplingFields(sampling)}`

function samplingFields(sampling: Sampling): string {
  const { logitBias = [], grammar = '', logprobs: _, ...numbers } = sampling
  const hex = Array.from(new TextEncoder().encode(grammar), byte => byte.toString(16).padStart(2, '0')).join(
    '',
  )
  return [
    ...Object.entries(numbers)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`),
    ...(logitBias.length > 0 ? [`logitBias=${logitBias.map(({ token, bias }) => `${token}:${bias}`)}`] : []),
    ...(hex ? [`grammar=${hex}`] : []),
  ].join(' ')
}
