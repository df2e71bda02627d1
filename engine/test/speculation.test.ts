// Drafts change how many rows a step has, and nothing that anybody can see of a session.
import { afterAll, describe, expect, test } from 'vitest'
import {
  GREEDY,
  type LoadOptions,
  loadModel,
  type Model,
  type Sampling,
  type Session,
  sampling,
} from '../index.ts'
import { hashOf } from './support/hash.ts'
import { supportedKernels } from './support/kernels.ts'
import { Random } from './support/random.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'

const PAGE = 64 // positions
/** After a token it says the next one, so it goes on with what it has seen in order. */
const path = writeTinyModel({ embedding: 'f16', tied: false, peaked: true, gain: 1 / 4 })
const models: Model[] = []

async function open(speculation: 'on' | 'off', options: LoadOptions = {}): Promise<Model> {
  const model = await loadModel(path, { threads: 2, speculation, ...options })
  models.push(model)
  return model
}
afterAll(() => Promise.all(models.map(model => model.close())))

/** Runs of tokens in order, left at other places each time, and one just begun: some drafts are right, some are not. */
function promptOf(seed: number): Uint32Array {
  const random = new Random(seed)
  const start = 20 + random.below(60)
  const run = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)
  const runs = [0, 22, 0, 22, 0, 22].map(offset => run(start + offset, 12 + random.below(9)))
  return Uint32Array.from([...runs.flat(), ...run(start, 7)])
}

const SETTINGS: Record<string, Sampling> = {
  greedy: GREEDY,
  warm: sampling({ temperature: 1.4 }),
  truncated: sampling({ temperature: 1.8, topK: 20, topP: 0.9, minP: 0.01 }),
  penalised: sampling({
    temperature: 0.5,
    presencePenalty: 0.2,
    frequencyPenalty: 0.1,
    repetitionPenalty: 1.1,
  }),
  biased: sampling({ temperature: 0.3, logitBias: { 40: 1.5, 90: -2 } }),
  constrained: sampling({ temperature: 0.4, grammar: 'root ::= [ -~]+' }),
}

interface Answer {
  tokens: number[]
  logits: string
}

async function decode(session: Session, count: number, settings: Sampling, seed: bigint, step: number) {
  const tokens: number[] = []
  while (tokens.length < count) {
    const made = await session.decode(Math.min(step, count - tokens.length), settings, seed)
    if (made.length === 0) break
    tokens.push(...made)
  }
  return tokens
}

async function answer(model: Model, seed: number, settings: Sampling, step = 64): Promise<Answer> {
  const session = model.createSession()
  try {
    await session.prefill(promptOf(seed))
    const tokens = await decode(session, 90, settings, BigInt(seed), step)
    return { tokens, logits: hashOf(await session.logits()) }
  } finally {
    await session.close()
  }
}

describe('with drafts, a session gives the same tokens and logits as without', () => {
  test.each(Object.entries(SETTINGS))('%s', async (_, settings) => {
    const plain = await open('off')
    const expected: Answer[] = []
    for (let seed = 1; seed <= 4; seed++) expected.push(await answer(plain, seed, settings))
    expect(plain.stats().drafted).toBe(0)

    for (const kernels of supportedKernels())
      for (const threads of kernels === 'scalar' ? [1] : [1, 3]) {
        const model = await open('on', { kernels, threads })
        const seeds = kernels === 'scalar' ? [1] : [1, 2, 3, 4] // scalar is slow
        for (const seed of seeds) expect(await answer(model, seed, settings)).toEqual(expected[seed - 1])
        for (const step of kernels === 'scalar' ? [] : [1, 2, 5])
          expect(await answer(model, 1, settings, step)).toEqual(expected[0])
        const crowd = kernels === 'scalar' ? [] : seeds
        const together = await Promise.all(crowd.map(seed => answer(model, seed, settings)))
        expect(together).toEqual(expected.slice(0, crowd.length))
        const { drafted, draftsKept } = model.stats()
        expect(drafted).toBeGreaterThan(draftsKept) // both kinds were met
        expect(draftsKept).toBeGreaterThan(0)
        await model.close()
      }
  })

  test('and the same log-probabilities', async () => {
    const draws = async (model: Model) => {
      const session = model.createSession()
      await session.prefill(promptOf(1))
      return session.decodeDraws(80, sampling({ temperature: 0.7, logprobs: 3 }), 3n)
    }
    const model = await open('on')

    expect(await draws(model)).toEqual(await draws(await open('off')))
    expect(model.stats().draftsKept).toBeGreaterThan(0)
  })

  test('and in fewer steps where the answer repeats what was there', async () => {
    const [on, off] = [await open('on'), await open('off')]
    await answer(on, 1, GREEDY)
    await answer(off, 1, GREEDY)

    expect(on.stats().steps).toBeLessThan(off.stats().steps)
  })
})

describe('drafts', () => {
  test('are left out of what a session saves, and go on after it was restored', async () => {
    const [on, off] = [await open('on'), await open('off')]
    const bytes: Uint8Array[] = []
    const rest: number[][] = []
    for (const model of [on, off]) {
      const session = model.createSession()
      await session.prefill(promptOf(2))
      await decode(session, 37, GREEDY, 0n, 37)
      bytes.push(await session.save())
      await session.close()
      const restored = await model.restoreSession(bytes.at(-1)!)
      rest.push([...(await decode(restored, 40, GREEDY, 0n, 40))])
      await restored.close()
    }

    expect(bytes[0]).toEqual(bytes[1])
    expect(rest[0]).toEqual(rest[1])
  })

  test('do not become part of the pages that others share', async () => {
    const [on, off] = [await open('on'), await open('off')]
    const prompt = promptOf(3)
    const session = on.createSession({ shareKey: 'alice' })
    await session.prefill(prompt)
    const made = await decode(session, 100, SETTINGS['warm']!, 1n, 100)
    await session.close()
    const whole = Uint32Array.from([...prompt, ...made, 7])

    const logits: string[] = []
    for (const model of [on, off]) {
      const other = model.createSession({ shareKey: 'alice' })
      await other.prefill(whole)
      logits.push(hashOf(await other.logits()))
      await other.close()
    }
    expect(on.stats().positionsShared).toBeGreaterThan(prompt.length)
    expect(logits[0]).toBe(logits[1])
  })

  test('take no page and no room that the answer would not have taken', async () => {
    const { pageBytes } = (await open('off')).stats()
    const ends: unknown[] = []
    for (const speculation of ['on', 'off'] as const) {
      const model = await open(speculation, { cacheBytes: 2 * pageBytes })
      const session = model.createSession()
      const prompt = promptOf(1).subarray(0, PAGE)
      await session.prefill(prompt)
      const other = model.createSession()
      await other.prefill(promptOf(2).subarray(0, 1))
      const made = await session.decode(20, GREEDY, 0n)
      const error = await session.decode(20, GREEDY, 0n).catch(({ code }) => code)
      ends.push([...made], error, model.stats().pagesUsed)
      await other.close()

      const small = model.createSession({ maxTokens: 60 })
      await session.close()
      await small.prefill(promptOf(1).subarray(0, 50))
      ends.push([...(await small.decode(30, GREEDY, 0n))])
      ends.push(await small.decode(1, GREEDY, 0n).catch(({ code }) => code))
      await small.close()
    }

    expect(ends.slice(0, ends.length / 2)).toEqual(ends.slice(ends.length / 2))
    expect(ends).toContain('busy')
    expect(ends).toContain('context_full')
  })

  test('stop at a stop token', async () => {
    const stop = TOKENS.indexOf('<|endoftext|>')
    const answers: number[][] = []
    for (const speculation of ['on', 'off'] as const) {
      const model = await open(speculation)
      const session = model.createSession()
      const run = Array.from({ length: 20 }, (_, i) => stop - 19 + i)
      await session.prefill(Uint32Array.from([...run, ...run.slice(0, 8)]))
      answers.push([...(await session.decode(64, GREEDY, 0n))])
      expect((await session.decode(1, GREEDY, 0n)).length).toBe(0)
      await session.close()
    }

    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]!.at(-1)).toBe(stop)
  })

  test('give way to prompts and to crowds', async () => {
    const model = await open('on')
    const sessions = [1, 2, 3, 4, 5].map(() => model.createSession())
    await Promise.all(sessions.map(session => session.prefill(promptOf(1))))
    await Promise.all(sessions.map(session => session.decode(30, GREEDY, 0n)))
    expect(model.stats().drafted).toBe(0)

    await Promise.all(sessions.slice(1).map(session => session.close()))
    await sessions[0]!.decode(30, GREEDY, 0n)
    expect(model.stats().drafted).toBeGreaterThan(0)
  })

  test('become rare where they are wrong', async () => {
    const model = await open('on')
    const session = model.createSession()
    const random = new Random(5)
    // Every run goes on differently each time: what was drafted never comes.
    const run = Array.from({ length: 8 }, (_, i) => 30 + 3 * i)
    const prompt = Array.from({ length: 20 }, () => [...run, 100 + random.below(100)]).flat()
    await session.prefill(Uint32Array.from([...prompt, ...run]))
    await session.decode(200, sampling({ temperature: 1.5 }), 9n)

    const { drafted, draftsKept, rows } = model.stats()
    expect(drafted - draftsKept).toBeLessThan(0.1 * rows)
  })

  test('are made by default where weights are too large for caches only', async () => {
    const model = await loadModel(path, { threads: 1 })
    models.push(model)
    await answer(model, 1, GREEDY)

    expect(model.stats().drafted).toBe(0)
    await expect(loadModel(path, { speculation: 'always' as 'on' })).rejects.toMatchObject({
      code: 'bad_options',
    })
  })
})
