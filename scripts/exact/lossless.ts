// Speed-ups that must not change a bit, on against off: whatever table, threads, neighbours and saving.
import {
  GREEDY,
  type LoadOptions,
  loadModel,
  type Model,
  type Sampling,
  sampling,
} from '../../engine/index.ts'
import { hashOf } from '../../engine/test/support/hash.ts'
import { supportedKernels } from '../../engine/test/support/kernels.ts'
import { Random } from '../../engine/test/support/random.ts'
import { writeTinyModel } from '../../engine/test/support/tiny-model.ts'
import { type Check, exactly } from '../checks.ts'

const SETTINGS: readonly Sampling[] = [
  GREEDY,
  sampling({ temperature: 1.4 }),
  sampling({ temperature: 0.8, topK: 30, topP: 0.9, repetitionPenalty: 1.1, logitBias: { 40: 1 } }),
  sampling({ temperature: 0.6, grammar: 'root ::= [ -~]+' }),
]
const PROMPTS = 8
const OUTPUT = 70
const THREADS = [1, 2, 3] as const
const BATCHES = [1, 2, 3, 4, 8] as const
const SAVED_AT = 33

interface Question {
  prompt: Uint32Array
  settings: Sampling
  seed: bigint
}

/** Runs of tokens in order, which the model goes on with, left at other places each time. */
function promptOf(seed: number): Uint32Array {
  const random = new Random(seed)
  const start = 20 + random.below(60)
  const run = (offset: number, length: number) => Array.from({ length }, (_, i) => start + offset + i)
  const runs = [0, 22, 0, 22, 0, 22].flatMap(offset => run(offset, 12 + random.below(9)))
  return Uint32Array.from([...runs, ...run(0, 7)])
}

const QUESTIONS: readonly Question[] = Array.from({ length: PROMPTS }, (_, index) => ({
  prompt: promptOf(index + 1),
  settings: SETTINGS[index % SETTINGS.length]!,
  seed: BigInt(index),
}))

/** Tokens, a hash of the logits behind them, and one of the session's bytes: its part of the cache. */
async function answer(model: Model, { prompt, settings, seed }: Question, savedAt?: number): Promise<string> {
  let session = model.createSession()
  await session.prefill(prompt)
  const tokens: number[] = []
  while (tokens.length < OUTPUT) {
    const until = savedAt !== undefined && tokens.length < savedAt ? savedAt : OUTPUT
    const made = await session.decode(until - tokens.length, settings, seed)
    if (made.length === 0) break
    tokens.push(...made)
    if (tokens.length !== savedAt) continue
    const bytes = await session.save()
    await session.close()
    session = await model.restoreSession(bytes)
  }
  const saved = hashOf(await session.save())
  const logits = hashOf(await session.logits())
  await session.close()
  return `${tokens.join(' ')} ${saved} ${logits}`
}

/** Checks `exact.lossless.speculation.*`: differing answers by neighbours, and that drafts of both kinds were met. */
export async function losslessChecks(log: (text: string) => void): Promise<Check[]> {
  const path = writeTinyModel({ embedding: 'f16', tied: false, peaked: true, gain: 1 / 4 })
  const open = (options: LoadOptions) => loadModel(path, options)
  const plain = await open({ kernels: 'scalar', threads: 1, speculation: 'off' })
  const expected: string[] = []
  for (const question of QUESTIONS) expected.push(await answer(plain, question))
  await plain.close()

  const differing = new Map<string, { compared: number; differing: number }>()
  const add = (name: string, found: readonly string[]) => {
    const counter = differing.get(name) ?? { compared: 0, differing: 0 }
    counter.compared += found.length
    counter.differing += found.filter((each, index) => each !== expected[index]).length
    differing.set(name, counter)
  }
  let [kept, rejected] = [0, 0]
  for (const kernels of supportedKernels())
    for (const threads of THREADS) {
      log(`lossless: ${kernels}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`)
      const model = await open({ kernels, threads, speculation: 'on' })
      const questions = kernels === 'scalar' ? QUESTIONS.slice(0, 4) : QUESTIONS // scalar is slow
      for (const batch of BATCHES.filter(size => size <= questions.length))
        add(
          `batch.${batch}`,
          await Promise.all(questions.slice(0, batch).map(question => answer(model, question))),
        )
      add('restored', await Promise.all(questions.map(question => answer(model, question, SAVED_AT))))
      const { drafted, draftsKept } = model.stats()
      kept += draftsKept
      rejected += drafted - draftsKept
      await model.close()
    }
  return [
    ...[...differing].map(([name, counts]) =>
      exactly(
        `exact.lossless.speculation.${name}`,
        counts.differing,
        0,
        `of ${counts.compared} answers differ`,
      ),
    ),
    { name: 'exact.lossless.speculation.kept', value: kept, unit: 'drafts', goal: '> 0', ok: kept > 0 },
    {
      name: 'exact.lossless.speculation.rejected',
      ...{ value: rejected, unit: 'drafts', goal: '> 0', ok: rejected > 0 },
    },
  ]
}
