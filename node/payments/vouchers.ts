import { unhurried } from '@aria/sdk/client'
import type { ChannelParts, Hex, SignedVoucher } from '@aria/sdk/protocol'
import { AriaError } from '@aria/sdk/protocol'
import { type Database, inTransaction } from './database.ts'
import { type ReceiptRecord, receiptStore } from './receipts.ts'

/** What the node knows of one channel: what it owes, and the best promise to pay. */
export interface ChannelAccount {
  id: Hex
  parts: ChannelParts
  due: bigint
  best: SignedVoucher | undefined
  claimed: bigint
  unredeemedSinceMs: number | undefined
}

/** The debt that the client's own signature supports: more cannot be proven, so more is not asked for. */
export function provableDue(account: ChannelAccount | undefined): bigint {
  if (account === undefined) return 0n
  const signed = account.best?.total ?? 0n
  return account.due < signed ? account.due : signed
}

export interface NewJob {
  requestId: Hex
  requestHash: Hex
  channel: Hex
  parts: ChannelParts
  /** The number behind the request id: it may be forgotten once, never taken again. */
  nonce: bigint
  base: bigint
  voucher: SignedVoucher
}

/** Requests remembered one by one in each channel; older ones lie below its floor (protocol: replay). */
const NONCES_KEPT = 10_000

/**
 * The durable ledger of vouchers and jobs. A voucher must survive a power cut before the work that it pays for starts, and a
 * debt before its receipt leaves: after `admit`, `credit` and `settle` that is so once `synced` resolves. Everything else
 * has reached the disk when it returns.
 */
export interface VoucherStore {
  /** Resolves once everything written so far has reached the disk; one wait serves all jobs. */
  synced(): Promise<void>
  account(channel: Hex): ChannelAccount | undefined
  hasRequest(requestId: Hex): boolean
  /** @throws AriaError `request_replayed` for a request id seen before, or a nonce at or below the channel's floor. */
  admit(job: NewJob): ChannelAccount
  /** A larger voucher and the debt that it acknowledges. @throws AriaError `voucher_stale`. */
  credit(channel: Hex, voucher: SignedVoucher, due: bigint): void
  /** A voucher without a job: a watchtower's. Returns whether it is better than what was there. */
  keep(channel: Hex, parts: ChannelParts, voucher: SignedVoucher): boolean
  settle(job: { requestId: Hex; channel: Hex; due: bigint; receipt: ReceiptRecord | undefined }): void
  /** Channels whose best voucher exceeds what the chain paid, oldest first. */
  unredeemed(limit: number): ChannelAccount[]
  /** Every channel in the order of ids, page by page: those after this id. */
  after(channel: Hex, limit: number): ChannelAccount[]
  /**
   * What the chain shows: what it paid, and whether the best voucher can still bring anything. `isFinal`: the chain's
   * final state says the same, so that no reorganisation takes it back.
   */
  claimedOnChain(channel: Hex, chain: { claimed: bigint; balance: bigint; isFinal: boolean }): void
  /** Jobs of a run that died: their debt stays at the last acknowledged checkpoint. Returns how many there were. */
  closeOpenJobs(): number
  /** Forgets jobs accepted before, and all but the newest ones of each channel; none of them can come back. */
  forgetJobs(acceptedBeforeMs: number, kept?: number): void
}

interface Row {
  id: Hex
  payer: Hex
  signer: Hex
  salt: string
  due: string
  total: string
  signature: Hex | null
  claimed: string
  unredeemed_since: number | null
  nonce_floor: string
}

export function voucherStore(database: Database, nowMs: () => number = Date.now): VoucherStore {
  const receipts = receiptStore(database)
  const selectChannel = database.prepare('select * from channels where id = ?')
  const insertChannel = database.prepare(
    "insert or ignore into channels values (?, ?, ?, ?, '0', '0', null, '0', null, '')",
  )
  const updateChannel = database.prepare(
    'update channels set due = ?, total = ?, signature = ?, unredeemed_since = ? where id = ?',
  )
  const updateClaimed = database.prepare('update channels set claimed = ?, unredeemed_since = ? where id = ?')
  const selectJob = database.prepare('select 1 from jobs where request_id = ?')
  const insertJob = database.prepare("insert into jobs values (?, ?, ?, ?, 'open', ?)")
  const closeJob = database.prepare("update jobs set state = 'closed' where request_id = ?")
  const selectUnredeemed = database.prepare(
    'select * from channels where unredeemed_since is not null order by unredeemed_since limit ?',
  )
  const selectAfter = database.prepare('select * from channels where id > ? order by id limit ?')
  database.exec('create temp table if not exists old (id text, channel text, nonce text)')
  const listOld = database.prepare(`
    insert into old select request_id, channel_id, nonce from (
      select request_id, channel_id, nonce, state, accepted_at < ? as is_old,
        channel_id in (select channel_id from jobs group by channel_id having count(*) > ?)
          and row_number() over (partition by channel_id order by nonce desc) > ? as is_beyond
      from jobs)
    where state = 'closed' and (is_old or is_beyond)`)

  const unhurriedly = <T>(work: () => T): T => unhurried(database, () => inTransaction(database, work))
  const account = (channel: Hex): ChannelAccount | undefined => {
    const row = selectChannel.get(channel) as Row | undefined
    return row && toAccount(row)
  }
  const known = (channel: Hex): ChannelAccount => {
    const found = account(channel)
    if (found === undefined) throw new AriaError('internal', `Channel ${channel} is not in the ledger.`)
    return found
  }
  const save = (
    { id, claimed, unredeemedSinceMs }: ChannelAccount,
    due: bigint,
    best?: SignedVoucher,
  ): void => {
    const total = best?.total ?? 0n
    const since = total > claimed ? (unredeemedSinceMs ?? nowMs()) : null
    updateChannel.run(`${due}`, `${total}`, best?.signature ?? null, since, id)
  }

  return {
    account,
    hasRequest: requestId => selectJob.get(requestId) !== undefined,

    synced: () => database.flush(),

    admit: ({ requestId, requestHash, channel, parts, nonce, base, voucher }) =>
      unhurriedly(() => {
        if (selectJob.get(requestId) !== undefined) throw replayed(requestId)
        const row = selectChannel.get(channel) as Row | undefined
        if (row !== undefined && digits(nonce) <= row.nonce_floor) throw replayed(requestId)
        insertChannel.run(channel, parts.payer, parts.signer, `${parts.salt}`)
        insertJob.run(requestId, channel, requestHash, nowMs(), digits(nonce))
        const before = known(channel)
        const isBetter = voucher.total > (before.best?.total ?? 0n)
        save(before, larger(before.due, base), isBetter ? voucher : before.best)
        return known(channel)
      }),

    credit: (channel, voucher, due) => {
      const before = known(channel)
      const best = before.best?.total ?? 0n
      if (voucher.total <= best) throw stale(voucher.total, best)
      unhurried(database, () => save(before, larger(before.due, due), voucher))
    },

    keep: (channel, parts, voucher) =>
      inTransaction(database, () => {
        insertChannel.run(channel, parts.payer, parts.signer, `${parts.salt}`)
        const before = known(channel)
        if (voucher.total <= (before.best?.total ?? 0n)) return false
        save(before, before.due, voucher)
        return true
      }),

    settle: ({ requestId, channel, due, receipt }) =>
      unhurriedly(() => {
        const before = known(channel)
        closeJob.run(requestId)
        save(before, larger(before.due, due), before.best)
        if (receipt !== undefined) receipts.add(receipt)
      }),

    unredeemed: limit => (selectUnredeemed.all(limit) as unknown as Row[]).map(toAccount),

    after: (channel, limit) => (selectAfter.all(channel, limit) as unknown as Row[]).map(toAccount),

    claimedOnChain: (channel, { claimed, balance, isFinal }) => {
      // Compared with the voucher of this moment: one may have come in while the chain was read.
      const { best, unredeemedSinceMs } = known(channel)
      const total = best?.total ?? 0n
      const isDone = (total < balance ? total : balance) <= claimed && isFinal
      updateClaimed.run(`${claimed}`, isDone ? null : (unredeemedSinceMs ?? nowMs()), channel)
    },

    closeOpenJobs: () =>
      Number(database.prepare("update jobs set state = 'closed' where state = 'open'").run().changes),

    forgetJobs: (acceptedBeforeMs, kept = NONCES_KEPT) =>
      inTransaction(database, () => {
        database.exec('delete from old')
        listOld.run(acceptedBeforeMs, kept, kept)
        // The floor rises before its jobs go, so that a nonce is always either remembered or below it.
        database.exec(`
          update channels set nonce_floor = max(nonce_floor, (select max(nonce) from old where channel = channels.id))
            where id in (select channel from old);
          delete from jobs where request_id in (select id from old)`)
      }),
  }
}

/** A nonce as text that sorts like the number: 64 bits have at most 20 digits. */
function digits(nonce: bigint): string {
  return `${nonce}`.padStart(20, '0')
}

/** Debts only grow. */
function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function toAccount(row: Row): ChannelAccount {
  return {
    id: row.id,
    parts: { payer: row.payer, signer: row.signer, salt: BigInt(row.salt) },
    due: BigInt(row.due),
    best: row.signature === null ? undefined : { total: BigInt(row.total), signature: row.signature },
    claimed: BigInt(row.claimed),
    unredeemedSinceMs: row.unredeemed_since ?? undefined,
  }
}

export function replayed(requestId: Hex): AriaError {
  return new AriaError('request_replayed', `Request ${requestId} was accepted before.`, {
    facts: { requestId },
    hint: 'Take the next nonce of the channel.',
  })
}

export function stale(total: bigint, best: bigint): AriaError {
  return new AriaError('voucher_stale', `A voucher of ${total} adds nothing to the best one, ${best}.`, {
    facts: { total, best },
    hint: 'Vouchers are cumulative: sign only larger totals.',
  })
}
