import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Deployment, epochAt, isPrivateSalt } from '@aria/sdk/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { keepRoots } from '../epochs/roots.ts'
import { silentLog } from '../observe/log.ts'
import { acknowledge, readAnswer } from './support/answer.ts'
import { countingModel, DEPLOYMENT, type JobKit, jobKit, PARTS } from './support/job-kit.ts'
import { filesWith, recordingLog, writtenForms } from './support/traces.ts'

/** The public network's times: an epoch is a day, transcripts may be challenged for three. */
const DAY = 86_400
const deployment = {
  ...DEPLOYMENT,
  genesis: 1_000,
  params: { epochSeconds: DAY, commitRootSeconds: 7_200, challengeSeconds: 3 * DAY },
} as unknown as Deployment
/**
 * Tokens that occur nowhere else, and the end of what the counting model answers: its beginning, 11, 12, 13 …, also stands in
 * the index of SQLite's log, as the numbers of pages that were written one after the other.
 */
const MARKER = [97, 3, 89, 5, 83, 7, 79, 13]
const ANSWER = [33, 34, 35, 36, 37, 38, 39]
const PRIVATE = { ...PARTS, salt: (1n << 95n) + 5n }

let kit: JobKit
afterEach(() => kit.close())

/** One whole job with the marker as its prompt; `broken` ends it with an offence, which is logged. */
async function serve(channel: typeof PARTS, { broken = false, crash = false } = {}) {
  const { log, text } = recordingLog()
  const epochOf = (seconds: number) => epochAt(seconds, deployment)
  const beforeDecode = async () => {
    if (crash) throw new Error('The engine failed.')
  }
  kit = jobKit(countingModel({ stopAt: 30, beforeDecode }).model, { log, epochOf, voucherTimeoutMs: 1_000 })
  const folder = dirname(kit.database.location()!)
  const client = kit.open()
  const prompt = Uint32Array.from(MARKER)
  const ordered = await client.order(await client.quote({ channel }), { prompt })
  await client.expect('accept')
  if (broken) {
    await client.stream.write(Uint8Array.of(99, ...MARKER))
    await client.stream.close()
    await client.served
  } else {
    const { receipt } = await readAnswer(kit, client, ordered)
    if (receipt === undefined) throw new Error('no receipt')
    await acknowledge(client, receipt.receipt)
  }
  return { folder, logged: text() }
}

const traces = (folder: string) => [...filesWith(folder, MARKER), ...filesWith(folder, ANSWER)]

describe('a private job', () => {
  it.each([
    ['that was served', {}],
    ['whose client broke the rules', { broken: true }],
    ['in which the engine failed', { crash: true }],
  ])('%s leaves neither prompt nor answer in any file or log', async (_what, how) => {
    expect(isPrivateSalt(PRIVATE.salt)).toBe(true)
    const { folder, logged } = await serve(PRIVATE, how)
    expect(traces(folder)).toEqual([])
    for (const form of [...writtenForms(MARKER), ...writtenForms(ANSWER)]) expect(logged).not.toContain(form)
    expect(logged).not.toBe('')
    expect(kit.receipts.after(0n, 10)).toEqual([])
  })

  it('is not shown to whoever asks for receipts or audits: no root knows it', async () => {
    await serve(PRIVATE)
    const today = epochAt(Date.now() / 1000, deployment)
    expect(kit.receipts.leaves(today)).toEqual([])
    expect(kit.receipts.unsealed(today + 10)).toEqual([])
  })
})

describe('a public job', () => {
  const keep = (now: number) =>
    keepRoots({
      ...{ deployment, receipts: kit.receipts, clock: { nowSeconds: () => now }, log: silentLog },
      audits: {
        rootState: async () => 'final',
        isDrawn: async () => true,
        commitRoot: () => ({ to: '0x', data: '0x' }),
      },
      outbox: { send: async () => 'mined' },
    })

  it('is written for its auditors and nowhere into a log', async () => {
    const { folder, logged } = await serve(PARTS)
    for (const tokens of [MARKER, ANSWER]) expect(filesWith(folder, tokens)).not.toEqual([])
    for (const form of [...writtenForms(MARKER), ...writtenForms(ANSWER)]) expect(logged).not.toContain(form)
  })

  it('is deleted from every file when its three days are over, not before, and the receipt stays', async () => {
    const { folder } = await serve(PARTS)
    const { item } = kit.receipts.after(0n, 1)[0]!
    const epochEnd = deployment.genesis + (epochAt(item.receipt.endedAt, deployment) + 1) * DAY
    await keep(item.receipt.endedAt + 3 * DAY) // may still be challenged, and its epoch asked for
    expect(filesWith(folder, MARKER)).not.toEqual([])
    await keep(epochEnd + 4 * DAY - 1)
    expect(filesWith(folder, MARKER)).not.toEqual([])
    await keep(epochEnd + 4 * DAY)
    expect(traces(folder)).toEqual([])
    expect(kit.receipts.transcript(1n)).toBeUndefined()
    expect(kit.receipts.after(0n, 10)).toHaveLength(1)
  })

  it('is gone from the log of the database as soon as nobody reads it any more', async () => {
    const { folder } = await serve(PARTS)
    const reader = new DatabaseSync(kit.database.location()!, { readOnly: true })
    reader.exec('begin')
    reader.prepare('select count(*) from receipts').get()
    const later = Math.floor(Date.now() / 1000) + 10 * DAY
    await keep(later)
    expect(traces(folder)).not.toEqual([])
    reader.close()
    await keep(later)
    expect(traces(folder)).toEqual([])
  })
})
