import type { DatabaseSync } from 'node:sqlite'
import {
  type Address,
  AriaError,
  type ChannelParts,
  type Hex,
  isPrivateSalt,
  type SignedVoucher,
} from '../../protocol/index.ts'
import { unhurried } from './database.ts'

/** What the client knows of one payment channel. */
export interface ChannelRow {
  id: Hex
  parts: ChannelParts
  payee: Address
  node: Address
  operator: Address
  isPrivate: boolean
  /** Deposited minus withdrawn and claimed so far, as last read from the chain. */
  balance: bigint
  claimed: bigint
  thawEnd: number
  /** What we know we owe: from receipts, and from checkpoints of an unfinished request. */
  due: bigint
  /** False while the last request has no receipt: the provider may then claim up to what was signed. */
  settled: boolean
  /** The largest total ever signed; it is on disk before it is on the wire. */
  signed: SignedVoucher | null
  createdAtMs: number
  usedAtMs: number
}

export interface ChannelStore {
  add(channel: ChannelRow): void
  get(id: Hex): ChannelRow | undefined
  all(): ChannelRow[]
  /** Two machines of one operator keep separate books, so a channel belongs to a node as well. */
  byNode(node: Address, payee: Address, isPrivate: boolean): ChannelRow[]
  /**
   * A number no request of this channel used before: time-based, so that a restored backup never repeats one. It is on
   * disk with the request's first `book`: a number that only a quote ever had may come again.
   */
  takeNonce(id: Hex, nowMs: number): bigint
  /** Remembers a larger total. @throws AriaError `internal` when it does not grow. */
  raiseSigned(id: Hex, voucher: SignedVoucher): void
  /**
   * What is owed now, and the voucher that goes with it, in one write. Resolves once it is on disk, and nothing may leave
   * before; only a debt that grew within its request, without a voucher, is not waited for: what the provider can claim is
   * bounded by what was signed. @throws AriaError `internal` at once when a new voucher's total does not grow.
   */
  book(id: Hex, entry: ChannelEntry, nowMs: number): Promise<void>
  setChain(id: Hex, chain: { balance: bigint; claimed: bigint; thawEnd: number }): void
}

export interface ChannelEntry {
  due: bigint
  /** False while the request that the debt belongs to has no receipt. */
  settled: boolean
  voucher?: SignedVoucher | undefined
}

type Row = Record<string, unknown>

function toChannel(row: Row): ChannelRow {
  const salt = BigInt(row['salt'] as string)
  const signature = row['signed_signature'] as Hex | null
  return {
    id: row['id'] as Hex,
    parts: { payer: row['payer'] as Address, signer: row['signer'] as Address, salt },
    payee: row['payee'] as Address,
    node: row['node'] as Address,
    operator: row['operator'] as Address,
    isPrivate: isPrivateSalt(salt),
    balance: BigInt(row['balance'] as string),
    claimed: BigInt(row['claimed'] as string),
    thawEnd: Number(row['thaw_end']),
    due: BigInt(row['due'] as string),
    settled: row['settled'] === 1,
    signed: signature === null ? null : { total: BigInt(row['signed_total'] as string), signature },
    createdAtMs: Number(row['created_at_ms']),
    usedAtMs: Number(row['used_at_ms']),
  }
}

/** `flush` brings to the disk what `database` has written; a store that is only read needs none. */
export function channelStore(
  database: DatabaseSync,
  flush: () => Promise<void> = async () => {},
): ChannelStore {
  const insert = database.prepare(
    `insert into channels (id, payer, payee, signer, salt, node, operator, balance, claimed, thaw_end, due, settled,
       signed_total, signed_signature, next_nonce, created_at_ms, used_at_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, '0', null, 0, ?, ?)`,
  )
  const select = database.prepare('select * from channels where id = ?')
  const selectAll = database.prepare('select * from channels order by created_at_ms')
  const selectNode = database.prepare(
    'select * from channels where node = ? and payee = ? order by created_at_ms',
  )
  const lastNonce = database.prepare('select next_nonce from channels where id = ?')
  const raise = database.prepare('update channels set signed_total = ?, signed_signature = ? where id = ?')
  const due = database.prepare(
    'update channels set due = ?, settled = ?, used_at_ms = ?, next_nonce = max(next_nonce, ?) where id = ?',
  )
  const promise = database.prepare(
    `update channels set signed_total = ?, signed_signature = ?, due = ?, settled = ?, used_at_ms = ?,
       next_nonce = max(next_nonce, ?) where id = ?`,
  )
  const chain = database.prepare('update channels set balance = ?, claimed = ?, thaw_end = ? where id = ?')

  /** Taken since the books were opened, and not yet on disk. */
  const nonces = new Map<Hex, number>()

  const get = (id: Hex): ChannelRow | undefined => {
    const row = select.get(id)
    return row && toChannel(row)
  }
  const requireGrowth = (id: Hex, { total }: SignedVoucher): void => {
    const before = get(id)?.signed?.total ?? -1n
    if (total > before) return
    throw new AriaError('internal', `Channel ${id} has signed ${before}, not less than ${total}.`)
  }

  return {
    get,
    add({ id, parts, payee, node, operator, balance, claimed, thawEnd, due: owed, createdAtMs, usedAtMs }) {
      const money = [balance, claimed].map(String)
      const salt = String(parts.salt)
      insert.run(
        ...[id, parts.payer, payee, parts.signer, salt, node, operator, ...money],
        ...[thawEnd, String(owed), createdAtMs, usedAtMs],
      )
    },
    all: () => selectAll.all().map(toChannel),
    byNode: (node, payee, isPrivate) =>
      selectNode
        .all(node, payee)
        .map(toChannel)
        .filter(channel => channel.isPrivate === isPrivate),
    takeNonce(id, nowMs) {
      const before = nonces.get(id) ?? Number(lastNonce.get(id)?.['next_nonce'])
      const nonce = Math.max(before + 1, Math.trunc(nowMs))
      nonces.set(id, nonce)
      return BigInt(nonce)
    },
    raiseSigned(id, voucher) {
      requireGrowth(id, voucher)
      raise.run(String(voucher.total), voucher.signature, id)
    },
    book(id, { due: owed, settled, voucher }, nowMs) {
      const rest = [settled ? 1 : 0, Math.trunc(nowMs), nonces.get(id) ?? 0, id]
      const isGrowth = voucher === undefined && !settled && !nonces.has(id) && get(id)?.settled === false
      if (voucher !== undefined) requireGrowth(id, voucher)
      unhurried(database, () => {
        if (voucher === undefined) due.run(String(owed), ...rest)
        else promise.run(String(voucher.total), voucher.signature, String(owed), ...rest)
      })
      nonces.delete(id)
      // A transaction is waited for by whoever began it.
      return isGrowth || database.isTransaction ? Promise.resolve() : flush()
    },
    setChain(id, { balance, claimed, thawEnd }) {
      chain.run(String(balance), String(claimed), thawEnd, id)
    },
  }
}
