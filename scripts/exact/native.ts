// The exactness of this machine's own addon: whatever table, threads, batch, chunking, neighbours and cache state, a
// sequence gives the same tokens and the same logits as alone, cold, at once, on one thread of the specification.
import { type KernelChoice, loadModel, type Model, type Session, sampling } from '../../engine/index.ts'
import { hashOf } from '../../engine/test/support/hash.ts'
import { supportedKernels } from '../../engine/test/support/kernels.ts'
import { Random } from '../../engine/test/support/random.ts'
import { type TinyModel, TOKENS, writeTinyModel } from '../../engine/test/support/tiny-model.ts'
import { type Check, exactly } from '../checks.ts'

const MODELS: Record<string, TinyModel> = {
  llama: { architecture: 'llama', linear: 'tq2_0', embedding: 'q6_k', tied: false },
  'bitnet-b1.58': { architecture: 'bitnet-b1.58', linear: 'i2_s', embedding: 'f16' },
  qwen3: { architecture: 'qwen3', linear: 'q1_0', embedding: 'q1_0' },
}

const SEQUENCES = 64
/** Two whole pages of 64 positions that all sequences share, then what tells them apart. */
const SHARED = 128
const OWN = 9
const OUTPUT = 6
/** A sequence takes three pages of 64 positions. */
const EVICTION_PAGES = 5
const THREADS = [1, 2, 3] as const
const BATCHES = [1, 2, 3, 7, 16, 33, 64] as const
const CHUNKINGS: readonly (readonly number[])[] = [
  [137],
  [1, 136],
  [64, 64, 9],
  [63, 1, 65, 8],
  [5, 59, 10, 63],
]
const SETTINGS = sampling({ temperature: 1.2, topP: 0.95, frequencyPenalty: 0.3 })

interface Sequence {
  index: number
  prompt: Uint32Array
}

/** Tokens, and a hash of the logits behind them. */
type Answer = string

const SEQUENCE_LIST: readonly Sequence[] = (() => {
  const random = new Random(11)
  const tokens = (count: number) => Array.from({ length: count }, () => random.below(TOKENS.length))
  const shared = tokens(SHARED)
  return Array.from({ length: SEQUENCES }, (_, index) => ({
    index,
    prompt: Uint32Array.from([...shared, ...tokens(OWN)]),
  }))
})()

const finish = async (session: Session, { index }: Sequence, made: readonly number[]): Promise<Answer> => {
  const output = [...made]
  while (output.length < OUTPUT) {
    const tokens = await session.decode(OUTPUT - output.length, SETTINGS, BigInt(index), {
      answerStart: SHARED + OWN,
    })
    if (tokens.length === 0) break
    output.push(...tokens)
  }
  return `${output.join(' ')} ${hashOf(await session.logits())}`
}

async function prefill(session: Session, prompt: Uint32Array, chunks: readonly number[]): Promise<void> {
  let at = 0
  for (const chunk of chunks) {
    await session.prefill(prompt.subarray(at, at + chunk))
    at += chunk
  }
}

async function answer(
  model: Model,
  sequence: Sequence,
  { chunks = CHUNKINGS[0]!, shareKey }: { chunks?: readonly number[]; shareKey?: string } = {},
): Promise<Answer> {
  const session = model.createSession(shareKey === undefined ? {} : { shareKey })
  try {
    await prefill(session, sequence.prompt, chunks)
    return await finish(session, sequence, [])
  } finally {
    await session.close()
  }
}

/** Half the answer, saved to bytes and restored, then the rest. */
async function answerRestored(model: Model, sequence: Sequence): Promise<Answer> {
  const first = model.createSession()
  await prefill(first, sequence.prompt, CHUNKINGS[0]!)
  const made = await first.decode(OUTPUT / 2, SETTINGS, BigInt(sequence.index))
  const bytes = await first.save()
  await first.close()
  const second = await model.restoreSession(bytes)
  try {
    return await finish(second, sequence, [...made])
  } finally {
    await second.close()
  }
}

/** The states of the cache that a sequence may meet. */
const STATES: Record<string, (model: Model, sequences: readonly Sequence[]) => Promise<Answer[]>> = {
  cold: (model, sequences) => Promise.all(sequences.map(sequence => answer(model, sequence))),
  // The first fills what the others find.
  async shared(model, sequences) {
    const [first, ...others] = sequences
    const filled = await answer(model, first!, { shareKey: 'exact' })
    const found = others.map(sequence => answer(model, sequence, { shareKey: 'exact' }))
    return [filled, ...(await Promise.all(found))]
  },
  restored: (model, sequences) => Promise.all(sequences.map(sequence => answerRestored(model, sequence))),
}

/** A cache of a few sequences: each one evicts what others left, and finds what is left of its own. */
async function evictedAnswers(
  path: string,
  kernels: KernelChoice,
  threads: number,
  sequences: readonly Sequence[],
): Promise<Answer[]> {
  const probe = await loadModel(path, { kernels, threads })
  const { pageBytes } = probe.stats()
  await probe.close()
  const model = await loadModel(path, { kernels, threads, cacheBytes: pageBytes * EVICTION_PAGES })
  const answers: Answer[] = []
  for (const sequence of sequences)
    answers.push(await answer(model, sequence, { shareKey: `client ${sequence.index % 3}` }))
  const { pagesEvicted } = model.stats()
  await model.close()
  if (pagesEvicted === 0) throw new Error('Nothing was evicted: the cache is too large for this check.')
  return answers
}

interface Counter {
  compared: number
  differing: number
}

class Tally {
  private readonly counters = new Map<string, Counter>()

  add(name: string, expected: readonly Answer[], found: readonly Answer[]): void {
    const counter = this.counters.get(name) ?? { compared: 0, differing: 0 }
    counter.compared += found.length
    counter.differing += found.filter((each, index) => each !== expected[index]).length
    this.counters.set(name, counter)
  }

  checks(prefix: string): Check[] {
    return [...this.counters].map(([name, { compared, differing }]) =>
      exactly(`${prefix}.${name}`, differing, 0, `of ${compared} answers differ`),
    )
  }
}

async function reference(path: string): Promise<Answer[]> {
  const model = await loadModel(path, { kernels: 'scalar', threads: 1 })
  const answers: Answer[] = []
  for (const sequence of SEQUENCE_LIST) answers.push(await answer(model, sequence))
  await model.close()
  return answers
}

/** The scalar table is slow, so it meets fewer sequences; its kernels are compared one by one elsewhere. */
const sequencesFor = (kernels: string): readonly Sequence[] =>
  kernels === 'scalar' ? SEQUENCE_LIST.slice(0, 4) : SEQUENCE_LIST

async function oneConfiguration(
  path: string,
  kernels: KernelChoice,
  threads: number,
  expected: readonly Answer[],
  tally: Tally,
): Promise<void> {
  const model = await loadModel(path, { kernels, threads })
  const sequences = sequencesFor(kernels)
  for (const [state, run] of Object.entries(STATES))
    tally.add(`cache.${state}`, expected, await run(model, sequences))
  for (const chunks of CHUNKINGS)
    tally.add(
      'chunkings',
      expected,
      await Promise.all(sequences.map(each => answer(model, each, { chunks }))),
    )
  for (const batch of BATCHES.filter(size => size <= sequences.length))
    for (let at = 0; at + batch <= sequences.length; at += Math.max(batch, 16)) {
      const together = sequences.slice(at, at + batch)
      tally.add(
        `batch.${batch}`,
        expected.slice(at),
        await Promise.all(together.map(each => answer(model, each))),
      )
    }
  await model.close()
  const few = sequences.slice(0, 16)
  tally.add('cache.evicted', expected, await evictedAnswers(path, kernels, threads, few))
}

/** Checks `exact.native.<architecture>.{cache.*,chunkings,batch.*}`, over every table of this CPU and 1 to 3 threads. */
export async function nativeChecks(log: (text: string) => void): Promise<Check[]> {
  const checks: Check[] = []
  for (const [name, options] of Object.entries(MODELS)) {
    const path = writeTinyModel({ ...options, contextLength: 256 })
    const expected = await reference(path)
    const tally = new Tally()
    for (const kernels of supportedKernels())
      for (const threads of THREADS) {
        log(`${name}: ${kernels}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`)
        await oneConfiguration(path, kernels, threads, expected, tally)
      }
    checks.push(...tally.checks(`exact.native.${name}`))
  }
  return checks
}
