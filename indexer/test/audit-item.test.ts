import { fileURLToPath } from 'node:url'
import { loadModel, type Model } from '@aria/engine'
import { type AuditItem, deployed, FINISH, type Hex, isPrivateSalt, keySigner } from '@aria/sdk/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkItem, type ItemContext } from '../auditor/check-item.ts'
import type { AuditModel } from '../auditor/model.ts'
import { answerOf, type Job, type JobInit, makeJob, treeOf } from './support/jobs.ts'
import { keyOf } from './support/market.ts'
import { deployment, EPOCH, GENESIS, hash, person } from './support/seed.ts'

const modelPath = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const [nodeKey, clientKey, strangerKey] = [keyOf(1), keyOf(2), keyOf(3)]
const provider = person(1)
const parts = { payer: keySigner(clientKey).address, signer: keySigner(clientKey).address, salt: 5n }
const MODEL_ID: Hex = hash(77)

let engine: Model
let answer: Awaited<ReturnType<typeof answerOf>>
let filler: Job

beforeAll(async () => {
  engine = await loadModel(modelPath, { threads: 1 })
  answer = await answerOf(engine, 'Tell me a story about a fox.', 9n)
  filler = await jobWith({ nonce: 99n })
})

afterAll(() => engine?.close())

function jobWith(changes: Partial<JobInit> = {}): Promise<Job> {
  return makeJob({
    deployment,
    modelId: MODEL_ID,
    parts,
    payee: provider,
    clientKey,
    nodeKey,
    nonce: 1n,
    ...answer,
    seed: 9n,
    endedAt: GENESIS + EPOCH + 20,
    ...changes,
  })
}

/** The verdict on a job in the middle of its provider's tree, after `alter` changed what is served. */
async function judge(
  job: Job,
  alter: (item: AuditItem) => AuditItem = item => item,
  changes: Partial<ItemContext> = {},
) {
  const { root, itemAt } = treeOf([filler, job])
  const position = BigInt(filler.output.length) + 1n
  const model: AuditModel = { id: MODEL_ID, name: 'aria-1', engineMajor: 1, engine }
  const context: ItemContext = {
    deployed: deployed(deployment),
    deployment,
    epoch: 1,
    root: { ...root, count: 2, model: MODEL_ID },
    model,
    sidesOf: () => ({
      deployed: deployed(deployment),
      wasNodeKey: signer => signer === keySigner(nodeKey).address,
      channel: { signer: parts.signer, payee: provider, isPublic: !isPrivateSalt(parts.salt) },
      payees: [provider],
      engineMajor: 1,
      now: GENESIS + 2 * EPOCH,
    }),
    signal: new AbortController().signal,
    ...changes,
  }
  return await checkItem(alter(itemAt(position)), position, context, new Map())
}

function tampered(output: Uint32Array, at: number): Uint32Array {
  const changed = Uint32Array.from(output)
  changed[at] = changed[at]! === 300 ? 301 : 300
  return changed
}

describe('an audited transcript', () => {
  test('passes when the model gives the same answer', async () => {
    const job = await jobWith()

    const measured = { tokens: 128, seconds: 1 }
    expect(await judge(job)).toEqual({ receiptHash: job.hash, passed: true, reason: null, ...measured })
  })

  test('fails at the first token that the model would not have answered, naming both', async () => {
    const job = await jobWith({ output: tampered(answer.output, 4) })

    const { passed, reason } = await judge(job)

    expect(passed).toBe(false)
    expect(reason).toBe(`Output token 4 is 300, the model answers ${answer.output[4]}.`)
  })

  test('fails when another output is shown than was signed', async () => {
    const finding = await judge(await jobWith(), item => ({ ...item, output: tampered(item.output, 0) }))

    expect(finding).toMatchObject({
      passed: false,
      reason: expect.stringContaining('not the one that was signed'),
    })
  })

  test('fails when another prompt is shown than was committed to', async () => {
    const finding = await judge(await jobWith(), item => ({ ...item, prompt: tampered(item.prompt, 0) }))

    expect(finding).toMatchObject({ passed: false, reason: expect.stringContaining('committed to') })
  })

  test('fails when its receipt is not under the committed root', async () => {
    const finding = await judge(await jobWith(), item => ({ ...item, leafIndex: 0 }))

    expect(finding).toMatchObject({ passed: false, reason: expect.stringContaining('committed root') })
  })

  test('fails when another receipt of the same tree is shown', async () => {
    const job = await jobWith()
    const other = treeOf([filler, job]).itemAt(0n)

    const finding = await judge(job, item => ({ ...other, position: item.position }))

    expect(finding).toMatchObject({ passed: false, reason: expect.stringContaining('does not cover') })
  })

  test('fails when another key than the provider signed it', async () => {
    expect(await judge(await jobWith({ nodeKey: strangerKey }))).toMatchObject({ passed: false })
  })

  test('fails when the client never ordered it', async () => {
    expect(await judge(await jobWith({ clientKey: strangerKey }))).toMatchObject({
      passed: false,
      reason: expect.stringContaining('was signed by'),
    })
  })

  test('fails when its channel does not exist', async () => {
    const finding = await judge(await jobWith(), undefined, { sidesOf: () => undefined })

    expect(finding).toMatchObject({ passed: false, reason: expect.stringContaining('not on chain') })
  })

  test('fails when tokens follow a stop token', async () => {
    const output = Uint32Array.from([...answer.output, 300])

    expect(await judge(await jobWith({ output }))).toMatchObject({
      passed: false,
      reason: expect.stringContaining('follow the stop token'),
    })
  })

  test('fails when it claims to have stopped and did not', async () => {
    const output = answer.output.subarray(0, -1)

    expect(await judge(await jobWith({ output }))).toMatchObject({
      passed: false,
      reason: expect.stringContaining('claims a stop token'),
    })
  })

  test('passes when it continues an answer that began on another provider', async () => {
    const begun = answer.output.subarray(0, 7)
    const prompt = Uint32Array.from([...answer.prompt, ...begun])
    const output = answer.output.subarray(begun.length)

    const finding = await judge(await jobWith({ prompt, output, request: { answeredTokens: begun.length } }))

    expect(finding).toMatchObject({ passed: true, tokens: output.length })
  })

  test.each([0, -1])('continues an answer only after a prompt of at least one token: %i more', async more => {
    const answeredTokens = answer.prompt.length + more

    const finding = await judge(await jobWith({ request: { answeredTokens } }))

    expect(finding.passed).toBe(more < 0)
  })

  test('passes when the client cancelled it anywhere', async () => {
    const output = answer.output.subarray(0, 3)

    const finding = await judge(await jobWith({ output, receipt: { finish: FINISH.cancelled } }))

    expect(finding).toMatchObject({ passed: true })
  })

  test.each([
    ['length', { finish: FINISH.length }, 'full length'],
    ['context', { finish: FINISH.contextFull }, 'full context'],
    ['reason', { finish: 6 }, 'unknown reason'],
    ['input count', { inputTokens: 1 }, 'other input tokens'],
    ['seed', { seed: 10n }, 'another seed'],
    ['visibility', { flags: 0 }, 'private channel'],
    ['time', { startedAt: GENESIS + EPOCH + 30 }, 'before it starts'],
    ['sampling', { samplingHash: hash(1) }, 'other sampling'],
    ['request', { requestHash: hash(1) }, 'another request'],
  ] as const)('fails when its receipt lies about the %s', async (_name, receipt, reason) => {
    const finding = await judge(await jobWith({ receipt }))

    expect(finding).toMatchObject({ passed: false, reason: expect.stringContaining(reason) })
  })

  test('of the epoch before belongs here, of two before does not', async () => {
    expect(await judge(await jobWith({ endedAt: GENESIS + EPOCH - 1 }))).toMatchObject({ passed: true })
    const old = await judge(await jobWith(), undefined, { epoch: 3 })
    expect(old).toMatchObject({ passed: false, reason: expect.stringContaining('epoch 1') })
  })

  test('fails when it is of another model than its root', async () => {
    const verdict = await judge(await jobWith({ modelId: hash(78) }))

    expect(verdict).toMatchObject({ passed: false, reason: expect.stringContaining('It is of model') })
  })

  test('of another model gets no verdict at all', async () => {
    const job = await jobWith({ modelId: hash(78) })

    const root = { ...treeOf([filler, job]).root, count: 2, model: hash(78) }

    await expect(judge(job, item => item, { root })).rejects.toMatchObject({ code: 'unknown_model' })
  })
})
