import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AriaError,
  type AuditItem,
  auditReply,
  auditRequest,
  type Deployment,
  decodeFrame,
  encodeFrame,
  epochTimes,
  type Hex,
  sumFromProof,
  sumLeaf,
  sumRoot,
  ZERO_HASH,
} from '@aria/sdk/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Call, Outcome } from '../chain/outbox.ts'
import { keepRoots } from '../epochs/roots.ts'
import { silentLog } from '../observe/log.ts'
import { answerAudit } from '../p2p/audit.ts'
import { type Database, openDatabase } from '../payments/database.ts'
import { type ReceiptStore, receiptStore } from '../payments/receipts.ts'
import { DEPLOYMENT } from './support/job-kit.ts'

const deployment = {
  ...DEPLOYMENT,
  genesis: 1_000,
  params: { epochSeconds: 72, commitRootSeconds: 6, challengeSeconds: 216 },
} as unknown as Deployment
const hash = (byte: number): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`
const address = (byte: number): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(20)}`
const signature: Hex = `0x${'ab'.repeat(65)}`

describe('epoch roots', () => {
  let dir: string
  let database: Database
  let receipts: ReceiptStore
  let now: number
  let committed: Map<number, { root: Hex; count: number; tokens: bigint }>
  let sent: number[]
  let outcome: Outcome | AriaError
  let isFinal = true

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'aria-roots-'))
    database = openDatabase(dir, DEPLOYMENT)
    receipts = receiptStore(database)
    now = epochTimes(3, deployment).start + 1
    committed = new Map()
    sent = []
    outcome = 'mined'
  })
  afterEach(() => {
    database.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const beat = () =>
    keepRoots({
      deployment,
      receipts,
      clock: { nowSeconds: () => now },
      log: silentLog,
      audits: {
        rootState: async epoch => (!committed.has(epoch) ? 'none' : isFinal ? 'final' : 'there'),
        isDrawn: async () => true,
        commitRoot: (epoch, root, count, tokens) =>
          ({
            to: address(1),
            data: JSON.stringify({ epoch, root, count, tokens: Number(tokens) }) as Hex,
          }) as Call,
      },
      outbox: {
        send: async (_purpose, { data }) => {
          const { epoch, root, count, tokens } = JSON.parse(data)
          sent.push(epoch)
          if (outcome instanceof AriaError) throw outcome
          if (outcome === 'mined') committed.set(epoch, { root, count, tokens: BigInt(tokens) })
          return outcome
        },
      },
    })

  function addReceipt(id: number, epoch: number, outputTokens: number): void {
    const output = Uint32Array.from({ length: outputTokens }, () => id)
    const common = { promptCommit: ZERO_HASH, inputTokens: 1, seed: 1n }
    receipts.add({
      hash: hash(id),
      epoch,
      salt: hash(id),
      prompt: Uint32Array.of(id),
      output,
      item: {
        receiptSignature: signature,
        requestSignature: signature,
        receipt: {
          ...common,
          ...{ requestHash: hash(id), modelId: ZERO_HASH, outputRoot: ZERO_HASH, samplingHash: ZERO_HASH },
          ...{ outputTokens, cumulativeDue: 1n, finish: 0, flags: 1, startedAt: 1, endedAt: 2 },
        },
        request: {
          ...common,
          ...{
            quoteHash: ZERO_HASH,
            channelId: ZERO_HASH,
            requestId: hash(id),
            answeredTokens: 0,
            maxOutputTokens: 9,
          },
          ...{ temperature: 0, topK: 0, topP: 1, base: 0n, deadline: 3 },
        },
      },
    })
  }

  it('commits the Merkle-sum root over exactly the receipts of the ended epoch, once', async () => {
    addReceipt(1, 2, 5)
    addReceipt(2, 2, 7)
    addReceipt(3, 3, 9)
    await beat()
    await beat()
    const expected = sumRoot([sumLeaf(hash(1), 5n), sumLeaf(hash(2), 7n)])
    expect(committed.get(2)).toEqual({ root: expected.hash, count: 2, tokens: 12n })
    expect(sent).toEqual([2])
    expect(receipts.root(2)!.state).toBe('committed')
    expect(receipts.root(3)).toBeUndefined()
  })

  it('commits again what a reorganisation took back before it was final', async () => {
    isFinal = false
    addReceipt(1, 2, 5)
    await beat()
    await beat()
    expect(sent).toEqual([2])
    expect(receipts.root(2)!.state).toBe('sealed')
    committed.delete(2)
    await beat()
    expect(sent).toEqual([2, 2])
    isFinal = true
    await beat()
    expect(receipts.root(2)!.state).toBe('committed')
  })

  it('waits until jobs of the epoch had time to write their receipts', async () => {
    addReceipt(1, 2, 5)
    now = epochTimes(3, deployment).start
    await beat()
    expect(sent).toEqual([])
  })

  it('asks the chain instead of sending again when the outcome was unknown', async () => {
    addReceipt(1, 2, 5)
    outcome = 'pending'
    await beat()
    expect(receipts.root(2)!.state).toBe('sealed')
    committed.set(2, { root: ZERO_HASH, count: 1, tokens: 5n })
    await beat()
    expect(sent).toEqual([2])
    expect(receipts.root(2)!.state).toBe('committed')
  })

  it('puts a receipt that comes after the seal into the next epoch', async () => {
    addReceipt(1, 2, 5)
    await beat()
    addReceipt(2, 2, 7)
    expect(receipts.leaves(2).map(leaf => leaf.hash)).toEqual([hash(1)])
    expect(receipts.leaves(3).map(leaf => leaf.hash)).toEqual([hash(2)])
  })

  it('commits nothing for an epoch without tokens and gives up after the window', async () => {
    addReceipt(1, 1, 0)
    await beat()
    expect(receipts.root(1)!.state).toBe('missed')
    addReceipt(2, 2, 5)
    outcome = new AriaError('chain_rejected', 'WindowClosed', { facts: { revert: 'WindowClosed' } })
    await beat()
    expect(receipts.root(2)!.state).toBe('sealed')
    now = epochTimes(2, deployment).commitRootUntil
    await beat()
    expect(receipts.root(2)!.state).toBe('missed')
    expect(sent).toEqual([2])
  })

  it('gives up at once when the stake did not count in that epoch', async () => {
    addReceipt(1, 2, 5)
    outcome = new AriaError('chain_rejected', 'NotProvider', { facts: { revert: 'NotProvider' } })
    await beat()
    await beat()
    expect(sent).toEqual([2])
    expect(receipts.root(2)!.state).toBe('missed')
  })

  it('deletes prompts and outputs after the challenge window and keeps the receipts', async () => {
    addReceipt(1, 2, 5)
    await beat()
    const { cursor } = receipts.leaves(2)[0]!
    now = epochTimes(2, deployment).end + 216 + 71
    await beat()
    expect(receipts.transcript(cursor)).toBeDefined()
    now += 1
    await beat()
    expect(receipts.transcript(cursor)).toBeUndefined()
    expect(receipts.after(0n, 10)).toHaveLength(1)
  })

  describe('an audit', () => {
    async function ask(epoch: number, positions: bigint[], isDrawn = true) {
      const frame = encodeFrame(auditRequest, { epoch, positions })
      const replies = []
      for await (const reply of answerAudit(frame, address(9), { receipts, isDrawn: async () => isDrawn })) {
        replies.push(decodeFrame(auditReply, reply, 'auditReply'))
      }
      return replies
    }

    beforeEach(async () => {
      for (let id = 1; id <= 5; id++) addReceipt(id, 2, id)
      await beat()
    })

    it('gets, per token position, the receipt that holds it with a proof against the committed root', async () => {
      const positions = [0n, 1n, 2n, 9n, 14n]
      const replies = await ask(2, positions)
      const { root, count, tokens } = committed.get(2)!
      expect(replies).toHaveLength(positions.length)
      for (const [at, { item }] of replies.entries()) checkProof(item!, positions[at]!, root, count, tokens)
      expect(replies.map(({ item }) => item!.output.length)).toEqual([1, 2, 2, 4, 5])
    })

    function checkProof(item: AuditItem, position: bigint, root: Hex, count: number, tokens: bigint): void {
      const { requestHash, outputTokens } = item.item.receipt
      const leaf = sumLeaf(requestHash, BigInt(outputTokens)) // The test's receipts hash to their request hash.
      const found = sumFromProof(leaf, item.leafIndex, count, item.proof)!
      expect(found.root).toEqual({ hash: root, sum: tokens })
      expect(found.before <= position && position < found.before + leaf.sum).toBe(true)
    }

    it.each([
      ['a peer that was not drawn', 2, [0n], false],
      ['an epoch without a committed root', 3, [0n], true],
      ['a position beyond the last token', 2, [15n], true],
    ] as const)('is refused for %s', async (_why, epoch, positions, isDrawn) => {
      const replies = await ask(epoch, [...positions], isDrawn)
      expect(replies).toMatchObject([{ item: null, reject: { code: 'not_found' } }])
    })
  })
})
