// Compares a target with the specification: kernels one by one, then whole models layer by layer.
import { isDeepStrictEqual } from 'node:util'
import type { Transcript, Verdict } from '../../engine/api/verify.ts'
import { type Check, exactly } from '../checks.ts'
import type { Target } from './target.ts'

/** A model to compare on, and answers with the verdicts that this machine's own engine has on them. */
export interface Case {
  readonly name: string
  readonly path: string
  readonly judged: readonly { transcript: Transcript; verdict: Verdict }[]
}

export const CHUNKS = [64, 7, 1] as const
/** The kernels' tiles are filled by 1 to 70 tokens; these meet every remainder. */
export const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 16, 21, 33, 47, 70] as const

async function differingKernels(
  target: Target,
  reference: Target,
  log: (text: string) => void,
): Promise<number> {
  let differing = 0
  for (const seed of SEEDS) {
    const expected = await reference.knownAnswers(seed)
    const answers = await target.knownAnswers(seed)
    for (const [kernel, hash] of Object.entries(expected)) {
      if (answers[kernel] === hash) continue
      differing++
      log(`${target.name}: kernel '${kernel}' differs with seed ${seed}`)
    }
  }
  return differing
}

async function differingTraces(
  target: Target,
  reference: Target,
  { name, path, judged }: Case,
  log: (text: string) => void,
): Promise<number> {
  const tokens = judged[0]!.transcript.prompt
  const specified = await reference.open(path)
  const expected = await specified.trace(tokens, CHUNKS[0])
  await specified.close()
  const model = await target.open(path)
  let differing = 0
  for (const chunk of CHUNKS) {
    const trace = await model.trace(tokens, chunk)
    const layer = expected.layers.findIndex((hash, index) => trace.layers[index] !== hash)
    if (layer < 0 && trace.logits === expected.logits) continue
    differing++
    log(
      `${target.name}: ${name} differs from ${layer < 0 ? 'the logits' : `layer ${layer}`} on, in chunks of ${chunk}`,
    )
  }
  await model.close()
  return differing
}

async function wrongVerdicts(
  target: Target,
  { name, path, judged }: Case,
  log: (text: string) => void,
): Promise<number> {
  const model = await target.open(path)
  let wrong = 0
  for (const { transcript, verdict } of judged) {
    const given = await model.verify(transcript)
    if (isDeepStrictEqual(given, verdict)) continue
    wrong++
    log(`${target.name}: ${name} has the verdict ${JSON.stringify(given)}`)
  }
  await model.close()
  return wrong
}

/** Checks `exact.<prefix>.kernels`, `.layers` and `.verdicts`, each counting what differs. */
export async function compare(
  prefix: string,
  target: Target,
  reference: Target,
  cases: readonly Case[],
  log: (text: string) => void,
): Promise<Check[]> {
  log(`${target.name}: kernels`)
  const kernels = await differingKernels(target, reference, log)
  let layers = 0
  let verdicts = 0
  for (const one of cases) {
    log(`${target.name}: ${one.name}`)
    layers += await differingTraces(target, reference, one, log)
    verdicts += await wrongVerdicts(target, one, log)
  }
  return [
    exactly(`exact.${prefix}.kernels`, kernels, 0, 'kernel answers that differ from the specification'),
    exactly(`exact.${prefix}.layers`, layers, 0, 'whole-model traces that differ from the specification'),
    exactly(`exact.${prefix}.verdicts`, verdicts, 0, 'verdicts that differ'),
  ]
}
