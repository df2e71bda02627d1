import { afterAll, describe, expect, test } from 'vitest'
import { loadModel, type Sampling, sampling, type Transcript } from '../index.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'

const model = await loadModel(writeTinyModel({ seed: 3 }), { threads: 1 })
afterAll(() => model.close())

const prompt = model.tokenizer.encodeChat([{ role: 'user', content: 'hello world' }])

async function answer(count: number, settings: Sampling, seed: bigint): Promise<Transcript> {
  const session = model.createSession()
  await session.prefill(prompt)
  const output = await session.decode(count, settings, seed)
  expect(await session.decode(0, settings, seed)).toEqual(new Uint32Array())
  await session.close()
  return { prompt, output, sampling: settings, seed }
}

/** The first seed's answer that `wanted` accepts: random models end their answers anywhere. */
async function search(
  count: number,
  settings: Sampling,
  wanted: (output: Uint32Array) => boolean,
): Promise<Transcript> {
  for (let seed = 0n; seed < 1000n; seed++) {
    const found = await answer(count, settings, seed)
    if (wanted(found.output)) return found
  }
  throw new Error('No seed below 1000 gave such an answer.')
}

const honest = await search(
  100,
  sampling({ temperature: 0.9, topK: 50, topP: 0.95 }),
  output => output.length === 100,
)
const changed = (position: number): Transcript => {
  const output = honest.output.slice()
  output[position] = (output[position]! + 1) % (TOKENS.length - 3) // stays clear of the stop tokens
  return { ...honest, output }
}

describe('verify', () => {
  test('an honest transcript matches, for all kinds of sampling', async () => {
    expect(await model.verify(honest)).toEqual({ match: true })
    for (const settings of [
      {},
      { temperature: 2 },
      { temperature: 0.5, topK: 1 },
      { temperature: 1, topP: 0.1 },
    ])
      expect(await model.verify(await answer(30, sampling(settings), 3n))).toEqual({ match: true })
  })

  test('each tampered token is found at its position, with both tokens', async () => {
    for (const position of [0, 1, 15, 16, 17, 63, 64, 98, 99])
      expect(await model.verify(changed(position))).toEqual({
        match: false,
        position,
        expected: honest.output[position],
        actual: changed(position).output[position],
      })
  })

  test('another seed, other sampling and another prompt are found', async () => {
    const shorter = honest.prompt.subarray(1)

    expect(await model.verify({ ...honest, seed: honest.seed + 1n })).toMatchObject({ match: false })
    expect(await model.verify({ ...honest, sampling: sampling({ temperature: 1.4 }) })).toMatchObject({
      match: false,
    })
    expect(await model.verify({ ...honest, prompt: shorter })).toMatchObject({ match: false })
  })

  test("a truncated answer matches: how an answer ends is not the model's to say", async () => {
    expect(await model.verify({ ...honest, output: honest.output.subarray(0, 40) })).toEqual({ match: true })
    expect(await model.verify({ ...honest, output: new Uint32Array() })).toEqual({ match: true })
  })

  test('tokens after a stop token are found, whatever they are', async () => {
    const isStop = (token: number | undefined): boolean => model.tokenizer.stopTokens.includes(token!)
    const stopped = await search(100, sampling({ temperature: 2 }), output => isStop(output.at(-1)))

    expect(await model.verify(stopped)).toEqual({ match: true })
    expect(await model.verify({ ...stopped, output: Uint32Array.from([...stopped.output, 7]) })).toEqual({
      match: false,
      position: stopped.output.length,
      expected: stopped.output.at(-1),
      actual: 7,
    })
  })

  test('transcripts that cannot be checked are refused by name', async () => {
    const outside = Uint32Array.of(TOKENS.length)

    await expect(model.verify({ ...honest, prompt: new Uint32Array() })).rejects.toMatchObject({
      code: 'bad_token',
    })
    await expect(model.verify({ ...honest, output: outside })).rejects.toMatchObject({ code: 'bad_token' })
    await expect(model.verify({ ...honest, output: new Uint32Array(512) })).rejects.toMatchObject({
      code: 'context_full',
    })
    await expect(
      model.verify({ ...honest, sampling: { temperature: 2001, topK: 0, topP: 0 } }),
    ).rejects.toMatchObject({
      code: 'bad_sampling',
    })
  })
})
