import { afterAll, describe, expect, test } from 'vitest'
import { loadModel, type Sampling, sampling, type Transcript } from '../index.ts'
import { supportedKernels } from './support/kernels.ts'
import { TOKENS, writeTinyModel } from './support/tiny-model.ts'

const model = await loadModel(writeTinyModel({ seed: 3 }), { threads: 1 })
afterAll(() => model.close())

// Of the tampered answer, the honest one, and its prompt alone.
const GOLDEN_DIGESTS = [
  'b119a45ec4ca48e0924b4d02bc2525b18d2e293b591de9271fa6b9ad05ff872d',
  'd83b54bd613ba2d80c3ca8b7ddc949dbaebc2fdb342545283d8474867d4bfb1d',
  'bdf918f0134c714663ce3dbcbeea4fa1025cb0f81f668a8cd0ec5cddb576729b',
]

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
        expectedLogit: expect.any(Number),
        actualLogit: expect.any(Number),
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
    expect(
      await model.verify({ ...stopped, output: Uint32Array.from([...stopped.output, 7]) }),
    ).toMatchObject({
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

describe('verifying many transcripts', () => {
  const key = new Uint8Array(32).fill(7)
  const kinds = [
    sampling({ temperature: 0.9, topK: 50, topP: 0.95, minP: 0.02 }),
    sampling({
      temperature: 1.2,
      presencePenalty: 0.8,
      frequencyPenalty: -0.3,
      logitBias: { 70: 2, 71: -100 },
    }),
    sampling({ temperature: 0.7, repetitionPenalty: 1.3, repetitionWindow: 20, logprobs: 5 }),
    sampling({ temperature: 1.5, grammar: 'root ::= [a-zé日]{30,}' }),
    sampling({}),
  ]

  async function mixture(): Promise<{ transcripts: Transcript[]; expected: object[] }> {
    const transcripts: Transcript[] = []
    const expected: object[] = []
    for (let i = 0; i < 30; i++) {
      const transcript = await answer((i * 7) % 40, kinds[i % kinds.length]!, BigInt(i))
      if (i % 3 !== 2 || transcript.output.length < 2) {
        transcripts.push(transcript)
        expected.push({ match: true })
        continue
      }
      const position = (i * 5) % transcript.output.length
      const output = transcript.output.slice()
      output[position] = (output[position]! + 1) % (TOKENS.length - 3)
      transcripts.push({ ...transcript, output })
      expected.push({
        match: false,
        position,
        expected: transcript.output[position],
        actual: output[position],
      })
    }
    return { transcripts, expected }
  }

  test('gives each the verdict that it gets alone, with logits and digest', async () => {
    const { transcripts, expected } = await mixture()

    const verdicts = await model.verifyMany(transcripts, { key })

    expect(verdicts).toMatchObject(expected)
    for (const [index, transcript] of transcripts.entries())
      expect(await model.verify(transcript, { key })).toEqual(verdicts[index])
    expect(await model.verifyMany([])).toEqual([])
  })

  test('every tampered position of one answer is found in one pass', async () => {
    const positions = [...honest.output.keys()]

    const verdicts = await model.verifyMany(positions.map(changed))

    expect(verdicts.map(verdict => (verdict.match ? undefined : verdict.position))).toEqual(positions)
  })

  test('reports both logits: those of the model after the same tokens', async () => {
    const session = model.createSession()
    await session.prefill(Uint32Array.from([...honest.prompt, ...honest.output.subarray(0, 20)]))
    const logits = await session.logits()
    await session.close()
    const verdict = await model.verify(changed(20))

    expect(verdict).toMatchObject({
      expectedLogit: logits[honest.output[20]!],
      actualLogit: logits[changed(20).output[20]!],
    })
  })

  test('reports progress, can be aborted, and refuses what cannot be checked by name and index', async () => {
    const shares: number[] = []
    await model.verifyMany(Array<Transcript>(20).fill(honest), { onProgress: share => shares.push(share) })
    expect(shares.at(-1)).toBe(1)

    const controller = new AbortController()
    const aborted = model.verifyMany(Array<Transcript>(50).fill(honest), { signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })

    const broken = { ...honest, sampling: sampling({ grammar: 'root ::= "' }) }
    await expect(model.verifyMany([honest, broken])).rejects.toMatchObject({
      code: 'bad_grammar',
      message: expect.stringContaining('Transcript 1: '),
    })
    await expect(model.verifyMany([honest, { ...honest, prompt: new Uint32Array() }])).rejects.toMatchObject({
      code: 'bad_token',
      message: expect.stringContaining('Transcript 1: '),
    })
    await expect(model.verifyMany(Array<Transcript>(10_001).fill(honest))).rejects.toMatchObject({
      code: 'bad_options',
    })
    for (const length of [31, 33])
      await expect(model.verify(honest, { key: new Uint8Array(length) })).rejects.toMatchObject({
        code: 'bad_options',
      })
  })
})

describe('the keyed digest of hidden states', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i)
  const hex = (verdict: { digest?: Uint8Array }): string => Buffer.from(verdict.digest!).toString('hex')

  test('is the golden one for every kernel table, thread count and batch', async () => {
    for (const kernels of supportedKernels())
      for (const threads of [1, 3]) {
        const other = await loadModel(writeTinyModel({ seed: 3 }), { kernels, threads })
        const verdicts = await other.verifyMany(
          [changed(50), honest, { ...honest, output: new Uint32Array() }],
          { key },
        )
        await other.close()

        expect(verdicts.map(hex), `${kernels}, ${threads} threads`).toEqual(GOLDEN_DIGESTS)
      }
  })

  test('depends on the key and on every token up to the difference, and on none after it', async () => {
    const of = async (transcript: Transcript, otherKey = key): Promise<string> =>
      hex(await model.verify(transcript, { key: otherKey }))
    const later = changed(50)
    later.output[70] = 5

    expect(await of(honest, new Uint8Array(32))).not.toBe(await of(honest))
    expect(await of(changed(50))).not.toBe(await of(honest))
    expect(await of(later)).toBe(await of(changed(50)))
    expect(await of({ ...honest, output: honest.output.subarray(0, 51) })).toBe(await of(changed(50)))
    expect(await model.verify(honest)).toEqual({ match: true })
  })
})
