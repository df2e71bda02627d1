// Kernels one by one and whole models layer by layer, against the specification (the scalar table) on this CPU: its other
// tables, NEON, emulated, and WebAssembly, in Node and in Chromium.
import { fileURLToPath } from 'node:url'
import { GREEDY, loadModel, type Sampling, sampling } from '../../engine/index.ts'
import { supportedKernels } from '../../engine/test/support/kernels.ts'
import { Random } from '../../engine/test/support/random.ts'
import {
  type Architecture,
  type TinyModel,
  TOKENS,
  writeTinyModel,
} from '../../engine/test/support/tiny-model.ts'
import { ALL_WEIGHT_TYPES } from '../../engine/test/support/weight-types.ts'
import type { Check } from '../checks.ts'
import { chromiumTarget } from './chromium.ts'
import { type Case, compare } from './compare.ts'
import { type DriverArch, driverTarget } from './driver.ts'
import type { Target } from './target.ts'
import { wasmTarget } from './wasm.ts'

const BUILT_IN = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const PROMPT_LENGTH = 70 // crosses a step of 64 tokens and a page of 64 positions
const OUTPUT_LENGTH = 12
const SEED = 5n
const ARCHITECTURES: readonly Architecture[] = ['llama', 'qwen3', 'bitnet', 'bitnet-b1.58']

const SETTINGS: readonly Sampling[] = [
  GREEDY,
  sampling({ temperature: 1.1, topP: 0.9, minP: 0.01, presencePenalty: 0.5, logitBias: { 7: 1.5 } }),
]

async function caseOf(name: string, path: string, settings: Sampling): Promise<Case> {
  const model = await loadModel(path)
  const random = new Random(7)
  const prompt = Uint32Array.from({ length: PROMPT_LENGTH }, () => random.below(TOKENS.length))
  const session = model.createSession()
  await session.prefill(prompt)
  const output = await session.decode(OUTPUT_LENGTH, settings, SEED)
  const altered = Uint32Array.from(output)
  altered[0] = (output[0]! + 1) % TOKENS.length
  const judged: Case['judged'][number][] = []
  for (const answer of [output, altered]) {
    const transcript = { prompt, output: answer, sampling: settings, seed: SEED }
    judged.push({ transcript, verdict: await model.verify(transcript) })
  }
  await model.close()
  return { name, path, judged }
}

/** The built-in model, and a tiny one of every weight type; the architectures take turns. */
async function cases(): Promise<Case[]> {
  const tiny = ALL_WEIGHT_TYPES.map((linear, index): [string, TinyModel] => {
    const architecture = ARCHITECTURES[index % ARCHITECTURES.length]!
    return [`a tiny ${architecture} of ${linear}`, { architecture, linear, seed: index + 1 }]
  })
  const all = [await caseOf('the built-in model', BUILT_IN, GREEDY)]
  for (const [index, [name, options]] of tiny.entries())
    all.push(await caseOf(name, writeTinyModel(options), SETTINGS[index % SETTINGS.length]!))
  return all
}

function ownArch(): DriverArch {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch
  throw new Error(`The driver is built for x64 and arm64; this CPU is ${process.arch}.`)
}

/** This CPU's own tables, each with one thread and with more. */
const ownTables = (): [prefix: string, open: () => Promise<Target>][] =>
  supportedKernels()
    .filter(kernels => kernels !== 'scalar')
    .flatMap(kernels =>
      [1, 3].map((threads): [string, () => Promise<Target>] => [
        `${process.arch}.${kernels}.threads_${threads}`,
        () => driverTarget(ownArch(), kernels, threads),
      ]),
    )

const PLACES: readonly (readonly [prefix: string, open: () => Promise<Target>])[] = [
  ...ownTables(),
  ['neon', () => driverTarget('arm64', 'neon')],
  ['wasm.node', wasmTarget],
  ['wasm.chromium', chromiumTarget],
]

/** Checks `exact.neon.*`, `exact.wasm.node.*` and `exact.wasm.chromium.*`. A place that is missing here fails its check. */
export async function targetChecks(log: (text: string) => void): Promise<Check[]> {
  const reference = await driverTarget(ownArch(), 'scalar')
  const models = await cases()
  const checks: Check[] = []
  for (const [prefix, open] of PLACES) {
    let target: Target | undefined
    try {
      target = await open()
      checks.push(...(await compare(prefix, target, reference, models, log)))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log(`${prefix}: ${reason}`)
      checks.push({ name: `exact.${prefix}`, value: reason, unit: '', goal: 'runs', ok: false })
    } finally {
      await target?.close()
    }
  }
  await reference.close()
  return checks
}
