import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { GREEDY, loadModel, type Model, sampling } from '../index.ts'
import { hashOf } from './support/hash.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'

const path = writeTinyModel({ layers: 4 })
const models: Model[] = []
async function open(kernels: 'auto' | 'scalar' = 'auto'): Promise<Model> {
  const model = await loadModel(path, { kernels, threads: 1 })
  models.push(model)
  return model
}
afterAll(() => Promise.all(models.map(model => model.close())))

const tokens = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => (i * 31) % 250)

describe('the event loop', () => {
  test('keeps turning while a prefill runs', async () => {
    const session = (await open('scalar')).createSession()
    let turns = 0
    let finished = false
    const prefill = session.prefill(tokens(300)).then(() => {
      finished = true
    })
    while (!finished) {
      await new Promise(resolve => setImmediate(resolve))
      turns++
    }
    await prefill

    expect(turns).toBeGreaterThan(100) // a blocked loop would turn once or twice
  })
})

describe('a session', () => {
  test('runs one job at a time', async () => {
    const session = (await open()).createSession()
    const first = session.prefill(tokens(200))

    await expect(session.prefill(tokens(1))).rejects.toMatchObject({ code: 'busy' })
    await expect(session.logits()).rejects.toMatchObject({ code: 'busy' })
    await first
    expect(session.position).toBe(200)
  })

  test('is unchanged by an aborted prefill and can go on', async () => {
    const model = await open('scalar')
    const [aborted, straight] = [model.createSession(), model.createSession()]
    await aborted.prefill(tokens(10))
    const controller = new AbortController()
    const job = aborted.prefill(tokens(400), { signal: controller.signal })
    controller.abort()
    await expect(job).rejects.toMatchObject({ code: 'aborted' })
    expect(aborted.position).toBe(10)

    await aborted.prefill(tokens(70))
    await straight.prefill(Uint32Array.from([...tokens(10), ...tokens(70)]))

    expect(hashOf(await aborted.logits())).toBe(hashOf(await straight.logits()))
  })

  test('refuses a signal that is already aborted', async () => {
    const session = (await open()).createSession()

    await expect(session.prefill(tokens(1), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })

  test('holds exactly maxTokens, and says when it is full', async () => {
    const session = (await open()).createSession({ maxTokens: 20 })
    await expect(session.prefill(tokens(21))).rejects.toMatchObject({ code: 'context_full' })
    await session.prefill(tokens(15))

    const made: number[] = []
    for (let round = 0; made.length < 5 && round < 5; round++)
      made.push(...(await session.decode(10, GREEDY, 0n)))
    expect(session.position).toBe(15 + made.length)
    if (made.length === 5)
      await expect(session.decode(1, GREEDY, 0n)).rejects.toMatchObject({ code: 'context_full' })
    await expect(session.prefill(tokens(6))).rejects.toMatchObject({ code: 'context_full' })
  })

  test('refuses tokens outside the vocabulary, an empty prompt and an empty sequence', async () => {
    const session = (await open()).createSession()

    await expect(session.prefill(Uint32Array.of(TOKENS.length))).rejects.toMatchObject({ code: 'bad_token' })
    await expect(session.prefill(new Uint32Array())).rejects.toMatchObject({ code: 'bad_token' })
    await expect(session.prefill([1, 2] as unknown as Uint32Array)).rejects.toMatchObject({
      code: 'bad_token',
    })
    await expect(session.decode(1, GREEDY, 0n)).rejects.toMatchObject({ code: 'bad_token' })
    await expect(session.logits()).rejects.toMatchObject({ code: 'bad_token' })
  })

  test('closes while a job runs: the job is aborted, later calls find it closed', async () => {
    const session = (await open('scalar')).createSession()
    const job = session.prefill(tokens(500))
    const failed = expect(job).rejects.toMatchObject({ code: 'aborted' })
    await session.close()
    await failed

    await session.close()
    await expect(session.decode(1, GREEDY, 0n)).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a model', () => {
  test('closes its sessions and verifications with it', async () => {
    const model = await open('scalar')
    const session = model.createSession()
    const prefill = expect(session.prefill(tokens(500))).rejects.toMatchObject({ code: 'aborted' })
    const transcript = {
      prompt: tokens(300),
      output: tokens(200),
      sampling: sampling({ temperature: 1 }),
      seed: 1n,
    }
    const check = expect(model.verify(transcript)).rejects.toMatchObject({ code: 'aborted' })
    await model.close()
    await Promise.all([prefill, check])

    expect(() => model.createSession()).toThrow(expect.objectContaining({ code: 'closed' }))
    await expect(model.verify(transcript)).rejects.toMatchObject({ code: 'closed' })
  })

  test('reports loading progress up to 1 and stops when asked', async () => {
    const shares: number[] = []
    const model = await loadModel(path, { onProgress: share => shares.push(share) })
    await model.close()

    expect(shares.at(-1)).toBe(1)
    await expect(loadModel(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  })

  test('a process that exits in the middle of a job exits cleanly', async () => {
    const engine = fileURLToPath(new URL('../index.ts', import.meta.url))
    const script = `
      const { loadModel } = await import(${JSON.stringify(engine)})
      const model = await loadModel(${JSON.stringify(path)}, { kernels: 'scalar', threads: 2 })
      model.createSession().prefill(new Uint32Array(500)).catch(() => {})
      setTimeout(() => process.exit(7), 20)`

    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])

    await expect(run).rejects.toMatchObject({ code: 7, signal: null })
  })
})
