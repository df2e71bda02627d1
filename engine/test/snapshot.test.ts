import { afterAll, describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import {
  ENGINE_MAJOR,
  GREEDY,
  type LoadOptions,
  loadModel,
  type Model,
  type Session,
  sampling,
} from '../index.ts'
import { hashOf } from './support/hash.ts'
import { supportedKernels } from './support/kernels.ts'
import { Random } from './support/random.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'

const WARM = sampling({ temperature: 1 })
const HEADER_BYTES = 80
const CHECKSUM_BYTES = 32
const path = writeTinyModel()
const models: Model[] = []
async function open(options: LoadOptions = {}, file = path): Promise<Model> {
  const model = await loadModel(file, { threads: 1, ...options })
  models.push(model)
  return model
}
afterAll(() => Promise.all(models.map(model => model.close())))

const prompt = Uint32Array.from({ length: 150 }, (_, i) => (i * 37) % TOKENS.length)

async function prefilled(model: Model, length = prompt.length): Promise<Session> {
  const session = model.createSession()
  await session.prefill(prompt.subarray(0, length))
  return session
}

/** The bytes with a checksum that fits them again. */
function sealed(bytes: Uint8Array): Uint8Array {
  bytes.set(native().keccak256(bytes.subarray(0, -CHECKSUM_BYTES)), bytes.length - CHECKSUM_BYTES)
  return bytes
}

describe('a saved session', () => {
  test('goes on with the same bits, in another process, with other kernels', async () => {
    const session = await prefilled(await open({ threads: 2 }))
    const before = await session.decode(10, WARM, 3n)
    const bytes = await session.save()
    const rest = await session.decode(30, WARM, 3n)
    const logits = hashOf(await session.logits())

    for (const kernels of supportedKernels()) {
      const restored = await (await open({ kernels })).restoreSession(bytes)
      expect(restored.position).toBe(prompt.length + before.length)
      expect(await restored.decode(30, WARM, 3n)).toEqual(rest)
      expect(hashOf(await restored.logits())).toBe(logits)
    }
  })

  test('is the same at every length around the edges of pages and lanes', async () => {
    const model = await open()
    for (const length of [1, 2, 15, 16, 17, 18, 63, 64, 65, 66, 128, 129]) {
      const session = await prefilled(model, length)
      const restored = await model.restoreSession(await session.save())

      expect(hashOf(await restored.logits())).toBe(hashOf(await session.logits()))
      expect(await restored.decode(5, WARM, 1n)).toEqual(await session.decode(5, WARM, 1n))
    }
  })

  test('that is empty or has ended stays so', async () => {
    const model = await open()
    const empty = await model.restoreSession(await model.createSession().save())
    expect(empty.position).toBe(0)
    await empty.prefill(prompt)

    const session = await prefilled(model)
    for (let round = 0; (await session.decode(64, WARM, 9n)).length > 0 && round < 5; round++);
    const ended = await session.save()
    const restored = await model.restoreSession(ended)
    expect(await restored.decode(1, WARM, 9n).catch(error => error.code)).toEqual(
      await session.decode(1, WARM, 9n).catch(error => error.code),
    )
  })

  test('holds nothing but its own positions: equal sessions save to equal bytes', async () => {
    const fresh = await open()
    const used = await open({ cacheBytes: fresh.stats().pageBytes * 3 }) // pages that others wrote to
    for (const seed of [1, 2, 3]) {
      const other = used.createSession({ shareKey: `client ${seed}` })
      await other.prefill(prompt.map(token => (token * seed + 1) % TOKENS.length))
      await other.close()
    }

    expect(hashOf(await (await prefilled(used, 70)).save())).toBe(
      hashOf(await (await prefilled(fresh, 70)).save()),
    )
  })

  test('keeps its limit, or takes another', async () => {
    const model = await open()
    const session = model.createSession({ maxTokens: 20 })
    await session.prefill(prompt.subarray(0, 15))
    const bytes = await session.save()

    const same = await model.restoreSession(bytes)
    await expect(same.prefill(prompt.subarray(0, 6))).rejects.toMatchObject({ code: 'context_full' })
    const larger = await model.restoreSession(bytes, { maxTokens: 100 })
    await larger.prefill(prompt.subarray(0, 6))
    await expect(model.restoreSession(bytes, { maxTokens: 14 })).rejects.toMatchObject({
      code: 'context_full',
    })
  })

  test('of another model, a damaged one and anything else is refused by name', async () => {
    const model = await open()
    const bytes = await (await prefilled(model, 40)).save()
    const other = await open({}, writeTinyModel({ seed: 2 }))
    await expect(other.restoreSession(bytes)).rejects.toMatchObject({
      code: 'bad_session',
      message: expect.stringContaining('another model file'),
    })
    for (const wrong of [new Uint8Array(), bytes.subarray(1), bytes.subarray(0, -1), new Uint8Array(1000)])
      await expect(model.restoreSession(wrong)).rejects.toMatchObject({ code: 'bad_session' })
    await expect(model.restoreSession(new Uint8Array(1 << 28))).rejects.toMatchObject({ code: 'bad_session' })
    await expect(model.restoreSession('bytes' as unknown as Uint8Array)).rejects.toMatchObject({
      code: 'bad_session',
    })
    expect(model.stats().pagesUsed).toBe(1)
  })

  test('with any byte changed is refused; with a checksum that fits, refused or harmless', async () => {
    const model = await open()
    const bytes = await (await prefilled(model, 20)).save()
    const random = new Random(99)
    for (let round = 0; round < 400; round++) {
      const mutated = bytes.slice()
      // Half of the changes hit the header and the tokens, where lengths and limits are.
      const most = round % 2 === 0 ? HEADER_BYTES + 20 * 4 : bytes.length - CHECKSUM_BYTES
      for (let change = 0; change <= round % 3; change++) {
        const at = random.below(most)
        mutated[at] = mutated[at]! ^ (1 << random.below(8))
      }
      if (hashOf(mutated) === hashOf(bytes)) continue
      await expect(model.restoreSession(mutated)).rejects.toMatchObject({ code: 'bad_session' })

      const outcome = await model.restoreSession(sealed(mutated)).then(
        async session => {
          const code = await session.decode(1, GREEDY, 0n).then(
            () => 'harmless',
            error => error.code,
          )
          await session.close()
          return code
        },
        error => error.code,
      )
      expect(['harmless', 'bad_session', 'not_finite', 'context_full']).toContain(outcome)
    }
  })

  test('is never offered to other sessions, whatever its bytes claim', async () => {
    const model = await open()
    const bytes = await (await prefilled(model, 130)).save()
    bytes[HEADER_BYTES + 130 * 4 + 1] = bytes[HEADER_BYTES + 130 * 4 + 1]! ^ 0x40
    const forged = await model.restoreSession(sealed(bytes), { shareKey: 'alice' })
    await forged.decode(2, WARM, 1n)
    await forged.close()

    const honest = model.createSession({ shareKey: 'alice' })
    await honest.prefill(prompt)
    expect(model.stats().positionsShared).toBe(0)
  })

  test('of a closed model cannot be restored', async () => {
    const model = await open()
    const bytes = await (await prefilled(model, 10)).save()
    await model.close()

    await expect(model.restoreSession(bytes)).rejects.toMatchObject({ code: 'closed' })
  })
})

test('both sides of the addon name the same engine version', () => {
  expect(native().engineMajor).toBe(ENGINE_MAJOR)
})
