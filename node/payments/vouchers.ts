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
  base: bigint
  voucher: SignedVoucher
}

/** The durable ledger of vouchers and jobs. Every method that returns has reached the disk. */
export interface VoucherStore {
  account(channel: Hex): ChannelAccount | undefined
  hasRequest(requestId: Hex): boolean
  /** @throws AriaError `request_replayed`. */
  admit(job: NewJob): ChannelAccount
  /** A larger voucher and the debt that it acknowledges. @throws AriaError `voucher_stale`. */
  credit(channel: Hex, voucher: SignedVoucher, due: bigint): void
  settle(job: { requestId: Hex; channel: Hex; due: bigint; receipt: ReceiptRecord | undefined }): void
  /** Channels whose best voucher exceeds what the chain paid, oldest first. */
  unredeemed(limit: number): ChannelAccount[]
  /** What the chain shows: what it paid, and whether the best voucher can still bring anything. */
  claimedOnChain(channel: Hex, claimed: bigint, balance: bigint): void
  /** Jobs of a run that died: their debt stays at the last acknowledged checkpoint. Returns how many there were. */
  closeOpenJobs(): number
  forgetJobs(acceptedBeforeMs: number): void
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
}

export function voucherStore(database: Database, nowMs: () => number = Date.now): VoucherStore {
  const receipts = receiptStore(database)
  const selectChannel = database.prepare('select * from channels where id = ?')
  const insertChannel = database.prepare(
    "insert or ignore into channels values (?, ?, ?, ?, '0', '0', null, '0', null)",
  )
  const updateChannel = database.prepare(
    'update channels set due = ?, total = ?, signature = ?, unredeemed_since = ? where id = ?',
  )
  const updateClaimed = database.prepare('update channels set claimed = ?, unredeemed_since = ? where id = ?')
  const selectJob = database.prepare('select 1 from jobs where request_id = ?')
  const insertJob = database.prepare("insert into jobs values (?, ?, ?, ?, 'open')")
  const closeJob = database.prepare("update jobs set state = 'closed' where request_id = ?")
  const selectUnredeemed = database.prepare(
    'select * from channels where unredeemed_since is not null order by unredeemed_since limit ?',
  )

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

    admit: ({ requestId, requestHash, channel, parts, base, voucher }) =>
      inTransaction(database, () => {
        if (selectJob.get(requestId) !== undefined) throw replayed(requestId)
        insertChannel.run(channel, parts.payer, parts.signer, `${parts.salt}`)
        insertJob.run(requestId, channel, requestHash, nowMs())
        const before = known(channel)
        const isBetter = voucher.total > (before.best?.total ?? 0n)
        save(before, larger(before.due, base), isBetter ? voucher : before.best)
        return known(channel)
      }),

    credit: (channel, voucher, due) => {
      const before = known(channel)
      const best = before.best?.total ?? 0n
      if (voucher.total <= best) throw stale(voucher.total, best)
      save(before, larger(before.due, due), voucher)
    },

    settle: ({ requestId, channel, due, receipt }) =>
      inTransaction(database, () => {
        const before = known(channel)
        closeJob.run(requestId)
        save(before, larger(before.due, due), before.best)
        if (receipt !== undefined) receipts.add(receipt)
      }),

    unredeemed: limit => (selectUnredeemed.all(limit) as unknown as Row[]).map(toAccount),

    claimedOnChain: (channel, claimed, balance) => {
      // Compared with the voucher of this moment: one may have come in while the chain was read.
      const { best, unredeemedSinceMs } = known(channel)
      const total = best?.total ?? 0n
      const hasMore = (total < balance ? total : balance) > claimed
      updateClaimed.run(`${claimed}`, hasMore ? (unredeemedSinceMs ?? nowMs()) : null, channel)
    },

    closeOpenJobs: () =>
      Number(database.prepare("update jobs set state = 'closed' where state = 'open'").run().changes),

    forgetJobs: acceptedBeforeMs => {
      database.prepare("delete from jobs where state = 'closed' and accepted_at < ?").run(acceptedBeforeMs)
    },
  }
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
