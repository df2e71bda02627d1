import {
  bytesToTokens,
  decodeFrame,
  encodeFrame,
  fromHex,
  type Hex,
  type PublicReceipt,
  publicReceipt,
  toHex,
  tokenBytes,
} from '@aria/sdk/protocol'
import type { Database } from './database.ts'

/** A public job's receipt with what an auditor needs to re-execute it. Private jobs never get here. */
export interface ReceiptRecord {
  hash: Hex
  epoch: number
  item: PublicReceipt
  salt: Hex
  prompt: Uint32Array
  output: Uint32Array
}

export interface ReceiptLeaf {
  cursor: bigint
  hash: Hex
  tokens: bigint
}

export interface Transcript {
  item: PublicReceipt
  salt: Hex
  prompt: Uint32Array
  output: Uint32Array
}

export interface RootRecord {
  epoch: number
  root: Hex
  count: number
  tokens: bigint
  state: 'sealed' | 'committed' | 'missed'
}

/** Public receipts by epoch, their transcripts while they may be audited, and the roots committed over them. */
export interface ReceiptStore {
  /** Joins the caller's transaction. A sealed epoch takes no more receipts: they go to the next one. */
  add(record: ReceiptRecord): void
  after(cursor: bigint, limit: number): { cursor: bigint; item: PublicReceipt }[]
  /** Leaves of an epoch in tree order. */
  leaves(epoch: number): ReceiptLeaf[]
  /** The receipt behind a leaf; undefined once the transcript was deleted. */
  transcript(cursor: bigint): Transcript | undefined
  /** Epochs before `epoch` that hold receipts and have no root yet, oldest first. */
  unsealed(beforeEpoch: number): number[]
  seal(root: Omit<RootRecord, 'state'>): void
  root(epoch: number): RootRecord | undefined
  sealedRoots(): RootRecord[]
  setRootState(epoch: number, state: RootRecord['state']): void
  /** Deletes prompts and outputs of epochs before `epoch`, from every file; receipts stay. Returns how many went. */
  forgetTranscripts(beforeEpoch: number): number
}

type RootRow = { epoch: number; root: Hex; count: number; tokens: string; state: RootRecord['state'] }

export function receiptStore(database: Database): ReceiptStore {
  const insert = database.prepare(
    'insert into receipts (hash, epoch, tokens, receipt, salt, prompt, output) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const lastSealed = database.prepare('select max(epoch) as epoch from roots')
  const selectAfter = database.prepare(
    'select cursor, receipt from receipts where cursor > ? order by cursor limit ?',
  )
  const selectLeaves = database.prepare(
    'select cursor, hash, tokens from receipts where epoch = ? order by cursor',
  )
  const selectTranscript = database.prepare(
    'select receipt, salt, prompt, output from receipts where cursor = ? and prompt is not null',
  )
  const forget = database.prepare(
    'update receipts set salt = null, prompt = null, output = null where epoch < ? and prompt is not null',
  )
  const truncate = database.prepare('pragma wal_checkpoint(truncate)')
  /** True at first: an earlier run may have ended between deleting and this. */
  let hasTraces = true
  const selectRoot = database.prepare('select * from roots where epoch = ?')

  return {
    add: ({ hash, epoch, item, salt, prompt, output }) => {
      const { epoch: sealed } = lastSealed.get() as { epoch: number | null }
      const open = sealed !== null && sealed >= epoch ? sealed + 1 : epoch
      insert.run(
        hash,
        open,
        item.receipt.outputTokens,
        encodeFrame(publicReceipt, item),
        fromHex(salt, 32),
        tokenBytes(prompt),
        tokenBytes(output),
      )
    },

    after: (cursor, limit) =>
      (selectAfter.all(cursor, limit) as unknown as { cursor: number; receipt: Uint8Array }[]).map(row => ({
        cursor: BigInt(row.cursor),
        item: decodeFrame(publicReceipt, row.receipt, 'stored receipt'),
      })),

    leaves: epoch =>
      (selectLeaves.all(epoch) as unknown as { cursor: number; hash: Hex; tokens: number }[]).map(row => ({
        cursor: BigInt(row.cursor),
        hash: row.hash,
        tokens: BigInt(row.tokens),
      })),

    transcript: cursor => {
      const row = selectTranscript.get(cursor) as
        | { receipt: Uint8Array; salt: Uint8Array; prompt: Uint8Array; output: Uint8Array }
        | undefined
      return (
        row && {
          item: decodeFrame(publicReceipt, row.receipt, 'stored receipt'),
          salt: toHex(row.salt),
          prompt: bytesToTokens(row.prompt),
          output: bytesToTokens(row.output),
        }
      )
    },

    unsealed: beforeEpoch =>
      (
        database
          .prepare(
            'select distinct epoch from receipts where epoch < ? and epoch not in (select epoch from roots) order by epoch',
          )
          .all(beforeEpoch) as unknown as { epoch: number }[]
      ).map(row => row.epoch),

    seal: ({ epoch, root, count, tokens }) => {
      database.prepare("insert into roots values (?, ?, ?, ?, 'sealed')").run(epoch, root, count, `${tokens}`)
    },

    root: epoch => {
      const row = selectRoot.get(epoch) as RootRow | undefined
      return row && toRoot(row)
    },

    sealedRoots: () =>
      (
        database
          .prepare("select * from roots where state = 'sealed' order by epoch")
          .all() as unknown as RootRow[]
      ).map(toRoot),

    setRootState: (epoch, state) => {
      database.prepare('update roots set state = ? where epoch = ?').run(state, epoch)
    },

    forgetTranscripts: beforeEpoch => {
      const { changes } = forget.run(beforeEpoch)
      if (changes > 0) hasTraces = true
      // Old pages of the write-ahead log still hold what was deleted; a reader may make us wait for the next call.
      if (hasTraces) hasTraces = (truncate.get() as { busy: number }).busy !== 0
      return Number(changes)
    },
  }
}

function toRoot(row: RootRow): RootRecord {
  return { ...row, tokens: BigInt(row.tokens) }
}
