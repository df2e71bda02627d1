import { afterAll, describe, expect, test } from 'vitest'
import { GREEDY, type LoadOptions, loadModel, type Model, type Session, sampling } from '../index.ts'
import { hashOf } from './support/hash.ts'
import { Random } from './support/random.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'

const PAGE = 64 // positions
const WARM = sampling({ temperature: 1 })
const path = writeTinyModel()
const models: Model[] = []

async function open(options: LoadOptions = {}): Promise<Model> {
  const model = await loadModel(path, { threads: 2, ...options })
  models.push(model)
  return model
}
afterAll(() => Promise.all(models.map(model => model.close())))

const pageBytes = await (async () => (await open()).stats().pageBytes)()
/** A model whose cache holds so many pages. */
const openWithPages = (pages: number, options: LoadOptions = {}): Promise<Model> =>
  open({ cacheBytes: pages * pageBytes, ...options })

function promptOf(seed: number, length: number): Uint32Array {
  const random = new Random(seed)
  return Uint32Array.from({ length }, () => random.below(TOKENS.length))
}

/** The logits after a prompt, in a session of its own. */
async function logitsHash(model: Model, prompt: Uint32Array, shareKey?: string): Promise<string> {
  const session = model.createSession(shareKey === undefined ? {} : { shareKey })
  try {
    await session.prefill(prompt)
    return hashOf(await session.logits())
  } finally {
    await session.close()
  }
}

async function decodeAll(session: Session, seed: bigint, count: number): Promise<number[]> {
  const tokens: number[] = []
  while (tokens.length < count) {
    const made = await session.decode(Math.min(3, count - tokens.length), WARM, seed)
    if (made.length === 0) break
    tokens.push(...made)
  }
  return tokens
}

describe('a batch', () => {
  test('of 1 to 64 sessions gives each the answer that it gets alone', async () => {
    const model = await open()
    const answer = async (index: number): Promise<number[]> => {
      const session = model.createSession()
      await session.prefill(promptOf(index + 1, 1 + index))
      const tokens = await decodeAll(session, BigInt(index), 8)
      await session.close()
      return tokens
    }
    const alone: number[][] = []
    for (let index = 0; index < 64; index++) alone.push(await answer(index))

    for (const size of [2, 7, 33, 64]) {
      const together = await Promise.all(Array.from({ length: size }, (_, index) => answer(index)))
      expect(together).toEqual(alone.slice(0, size))
    }
  })

  test('advances sessions together: fewer steps than rows', async () => {
    const model = await open()
    const sessions = Array.from({ length: 16 }, () => model.createSession())
    await Promise.all(sessions.map((session, index) => session.prefill(promptOf(index + 1, 3))))
    const before = model.stats()
    await Promise.all(sessions.map(session => session.decode(12, WARM, 1n)))
    const after = model.stats()

    expect(after.steps - before.steps).toBeLessThan(after.rows - before.rows)
    await Promise.all(sessions.map(session => session.close()))
  })

  test('gives the same bits however long a step may last', async () => {
    const prompt = promptOf(5, 200)
    const hashes = new Set<string>()
    for (const stepMs of [1, 50, 60_000]) {
      const model = await open({ stepMs })
      const others = [1, 2, 3].map(seed => logitsHash(model, promptOf(seed, 90)))
      hashes.add(await logitsHash(model, prompt))
      await Promise.all(others)
    }

    expect(hashes.size).toBe(1)
  })
})

describe('sessions with one shareKey', () => {
  test('compute a common beginning once, and get the same bits', async () => {
    const model = await open()
    const prompt = promptOf(11, 3 * PAGE + 20)
    const alone = await logitsHash(model, prompt)

    expect(await logitsHash(model, prompt, 'alice')).toBe(alone)
    expect(model.stats().positionsShared).toBe(0)
    expect(await logitsHash(model, prompt, 'alice')).toBe(alone)
    expect(model.stats().positionsShared).toBe(prompt.length - 1) // the last position's logits are computed
  })

  test('share up to the very token at which they differ', async () => {
    const model = await open()
    const first = promptOf(12, 4 * PAGE)
    await logitsHash(model, first, 'alice')
    for (const at of [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 17]) {
      const prompt = first.slice()
      prompt[at] = (prompt[at]! + 1) % TOKENS.length
      const before = model.stats().positionsShared

      expect(await logitsHash(model, prompt, 'alice')).toBe(await logitsHash(model, prompt))
      expect(model.stats().positionsShared - before).toBeGreaterThanOrEqual(at)
    }
  })

  test('go on from an answer of another one, and leave each other alone', async () => {
    const model = await open()
    const prompt = promptOf(13, PAGE + 30)
    const first = model.createSession({ shareKey: 'alice' })
    await first.prefill(prompt)
    const second = model.createSession({ shareKey: 'alice' }) // while the first one lives
    await second.prefill(prompt)
    const [a, b] = await Promise.all([decodeAll(first, 1n, 50), decodeAll(second, 2n, 50)])
    const whole = Uint32Array.from([...prompt, ...a])
    await first.close()
    await second.close()

    const plain = model.createSession()
    await plain.prefill(prompt)
    expect(await decodeAll(plain, 2n, 50)).toEqual(b)
    const before = model.stats().positionsShared
    expect(await logitsHash(model, whole, 'alice')).toBe(await logitsHash(model, whole))
    expect(model.stats().positionsShared - before).toBeGreaterThan(prompt.length)
    await plain.close()
  })

  test('share nothing with another key or with none', async () => {
    const model = await open()
    const prompt = promptOf(14, 2 * PAGE + 1)
    await logitsHash(model, prompt, 'alice')
    await logitsHash(model, prompt, 'bob')
    await logitsHash(model, prompt)

    expect(model.stats().positionsShared).toBe(0)
    expect(model.stats()).toMatchObject({ pagesUsed: 0, pagesIdle: 6 })
  })

  test('are untouched by an aborted prefill of one of them', async () => {
    const model = await open({ kernels: 'scalar' })
    const prompt = promptOf(15, PAGE + 10)
    const session = model.createSession({ shareKey: 'alice' })
    await session.prefill(prompt)
    const controller = new AbortController()
    const aborted = session.prefill(promptOf(16, 300), { signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    expect(session.position).toBe(prompt.length)
    await session.close()

    expect(await logitsHash(model, prompt, 'alice')).toBe(await logitsHash(model, prompt))
    expect(model.stats().pagesUsed).toBe(0)
  })
})

describe('a cache of few pages', () => {
  test('lets the least recently used go, and answers stay the same', async () => {
    const model = await openWithPages(6)
    const big = await open()
    for (let seed = 1; seed <= 12; seed++) {
      const prompt = promptOf(20 + (seed % 5), 2 * PAGE + seed)
      expect(await logitsHash(model, prompt, 'alice')).toBe(await logitsHash(big, prompt))
    }

    const { pages, pagesUsed, pagesIdle, pagesEvicted } = model.stats()
    expect({ pages, pagesUsed }).toEqual({ pages: 6, pagesUsed: 0 })
    expect(pagesIdle).toBeLessThanOrEqual(6)
    expect(pagesEvicted).toBeGreaterThan(0)
  })

  test('refuses with `busy` what finds no page, and the others go on', async () => {
    const model = await openWithPages(3)
    const [first, second] = [model.createSession(), model.createSession()]
    await first.prefill(promptOf(1, 2 * PAGE - 2))
    await second.prefill(promptOf(2, PAGE - 4))
    const refused = model.createSession()
    await expect(refused.prefill(promptOf(3, 1))).rejects.toMatchObject({ code: 'busy' })
    expect(refused.position).toBe(0)

    // Decoding into a fourth page: what was made is given, then the next call says why there is no more.
    const made = await second.decode(20, WARM, 4n)
    expect(made.length).toBe(5) // the fifth is drawn from the page's last position
    await expect(second.decode(20, WARM, 4n)).rejects.toMatchObject({ code: 'busy' })
    expect((await first.decode(1, WARM, 1n)).length).toBe(1)
    await first.close()

    await refused.prefill(promptOf(3, 1))
    expect((await refused.decode(1, WARM, 1n)).length).toBe(1)
  })

  test('says `context_full` to what can never fit', async () => {
    const model = await openWithPages(2)
    const session = model.createSession()

    await expect(session.prefill(promptOf(1, 2 * PAGE + 1))).rejects.toMatchObject({ code: 'context_full' })
    await session.prefill(promptOf(1, 2 * PAGE))
  })

  test('keeps what was reserved, whatever others ask for', async () => {
    const model = await openWithPages(4)
    const reserved = model.createSession({ maxTokens: 3 * PAGE, reserve: true })
    expect(() => model.createSession({ maxTokens: 2 * PAGE, reserve: true })).toThrow(
      expect.objectContaining({ code: 'busy' }),
    )
    expect(() => model.createSession({ maxTokens: 4 * PAGE + 1, reserve: true })).toThrow(
      expect.objectContaining({ code: 'context_full' }),
    )
    const other = model.createSession({ shareKey: 'alice' })
    await other.prefill(promptOf(1, PAGE))
    await expect(other.prefill(promptOf(1, 1))).rejects.toMatchObject({ code: 'busy' })

    await reserved.prefill(promptOf(2, 3 * PAGE))
    expect(model.stats()).toMatchObject({ pagesUsed: 4, pagesReserved: 0 })
    await reserved.close()
    await other.close()
    expect(model.stats()).toMatchObject({ pagesUsed: 0, pagesReserved: 0 })
  })
})

describe('the queue', () => {
  test('takes as many jobs as it was told and refuses the next with `busy`', async () => {
    const model = await open({ maxQueued: 2, kernels: 'scalar' })
    const sessions = [1, 2, 3].map(() => model.createSession())
    const jobs = sessions.map((session, index) => session.prefill(promptOf(index + 1, 200)))

    await expect(jobs[2]).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining('2 jobs') })
    await Promise.all(jobs.slice(0, 2))
    await sessions[2]!.prefill(promptOf(3, 2))
    expect(model.stats().jobs).toBe(0)
  })

  test('lets a short question of one client pass the long ones of another', async () => {
    const model = await open({ kernels: 'scalar', stepMs: 1 })
    const order: string[] = []
    const long = [1, 2, 3].map(async seed => {
      const session = model.createSession({ shareKey: 'alice' })
      await session.prefill(promptOf(seed, 300))
      order.push('long')
    })
    const session = model.createSession({ shareKey: 'bob' })
    await session.prefill(promptOf(9, 8))
    order.push('short')
    await Promise.all(long)

    expect(order[0]).toBe('short')
  })
})

describe('options', () => {
  test('out of range are refused by name', async () => {
    for (const options of [{ cacheBytes: 0 }, { stepMs: 0 }, { maxQueued: 0 }, { maxQueued: 70_000 }])
      await expect(loadModel(path, options)).rejects.toMatchObject({
        code: 'bad_options',
        message: expect.stringContaining(Object.keys(options)[0]!),
      })
    await expect(loadModel(path, { priority: 'high' as 'normal' })).rejects.toMatchObject({
      code: 'bad_options',
    })
    const model = await open()
    expect(() => model.createSession({ shareKey: 'x'.repeat(257) })).toThrow(
      expect.objectContaining({ code: 'bad_options' }),
    )
    const session = model.createSession({ shareKey: 'x'.repeat(256) })
    await session.prefill(promptOf(1, 4))
    await expect(session.decode(1, GREEDY, 0n, { answerStart: 5 })).rejects.toMatchObject({
      code: 'bad_options',
    })
    expect((await session.decode(1, GREEDY, 0n, { answerStart: 4 })).length).toBe(1)
  })

  test('of priority and pinning change no answer', async () => {
    const prompt = promptOf(8, 100)
    const expected = await logitsHash(await open(), prompt)

    expect(await logitsHash(await open({ priority: 'background', pin: true }), prompt)).toBe(expected)
  })
})
