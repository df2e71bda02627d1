import { type Address, AriaError, type Hex } from '@aria/sdk/protocol'
import { keccak256, TransactionReceiptNotFoundError } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Log } from '../observe/log.ts'
import { type Database, inTransaction } from '../payments/database.ts'
import { higherBid } from './bids.ts'
import { type Chain, onChain } from './client.ts'

/** What became of a transaction. `pending` is no failure: its effect is read from the chain later, never guessed. */
export type Outcome = 'mined' | 'reverted' | 'dropped' | 'pending'

export interface Call {
  to: Address
  data: Hex
}

export interface Outbox {
  readonly address: Address
  /**
   * Signs and stores the transaction, then sends it. Only one is ever under way, so one whose outcome is unknown
   * blocks the next instead of being repeated.
   * @throws AriaError `busy` while another is pending, `chain_rejected` when it would revert (nothing was sent).
   */
  send(purpose: string, call: Call): Promise<Outcome>
  /**
   * Looks for the outcome of what is pending; sends it again when the network lost it, and at a higher price under the same
   * nonce when it is stuck. Whichever bid is mined, it is one transaction.
   */
  settle(): Promise<Outcome | undefined>
  gasBalance(): Promise<bigint>
  /** Wei that one unit of gas costs, read within the last ten seconds: it is a policy's yardstick, not a bid. */
  gasPrice(): Promise<bigint>
  /** What is under way, for the view of money at rest. */
  pending(): { purpose: string; hash: Hex; nonce: number } | undefined
}

interface Bid {
  hash: Hex
  raw: Hex
}

/** A nonce and the newest bid for it; lower bids that may still be mined are kept beside it. */
interface Pending extends Bid {
  id: number
  purpose: string
  nonce: number
  sent_at: number
}

/** How long `send` waits for the block; later, `settle` finds out. */
const WAIT_MS = 5_000
const POLL_INTERVAL_MS = 100
const GAS_PRICE_AGE_MS_MAX = 10_000
/** A bid that was passed over for so long, and in so many blocks, is too low; a chain that stands still asks for nothing. */
export const STUCK_MS = 60_000
export const STUCK_BLOCKS = 3n

export interface OutboxInit {
  chain: Chain
  database: Database
  privateKey: Hex
  log: Log
  /** Told of every outcome: what was read from the chain before is old. */
  onOutcome?: () => void
  waitMs?: number
  nowMs?: () => number
}

export function outbox({
  chain: { client },
  database,
  privateKey,
  log,
  onOutcome = () => {},
  waitMs = WAIT_MS,
  nowMs = Date.now,
}: OutboxInit): Outbox {
  const account = privateKeyToAccount(privateKey)
  const selectPending = database.prepare(
    "select * from transactions where state = 'pending' order by id limit 1",
  )
  const insert = database.prepare(
    // After a reorganisation the same call can give the very same bytes again: then the old row is the new one.
    `insert into transactions (purpose, hash, raw, nonce, sent_at, state) values (?, ?, ?, ?, ?, 'pending')
       on conflict (hash) do update set state = 'pending', sent_at = excluded.sent_at
       returning id`,
  )
  const update = database.prepare('update transactions set state = ? where id = ?')
  const selectLower = database.prepare(
    'select hash, raw from lower_bids where transaction_id = ? order by sent_at desc, rowid desc',
  )
  const insertLower = database.prepare(
    'insert into lower_bids select hash, id, raw, sent_at from transactions where id = ?',
  )
  const deleteLower = database.prepare('delete from lower_bids where transaction_id = ?')
  const deleteTwin = database.prepare('delete from transactions where hash = ? and id <> ?')
  const updateBid = database.prepare('update transactions set hash = ?, raw = ?, sent_at = ? where id = ?')
  const setBid = (id: number, { hash, raw }: Bid, sentMs: number) => {
    // After a reorganisation the same bytes can be those of an older row, whose outcome was taken back.
    deleteTwin.run(hash, id)
    updateBid.run(hash, raw, sentMs, id)
  }
  const pending = () => selectPending.get() as Pending | undefined
  /** The newest first. */
  const bidsOf = (transaction: Pending): Bid[] => [
    transaction,
    ...(selectLower.all(transaction.id) as unknown as Bid[]),
  ]
  let isSending = false
  let looking: Promise<Outcome> | undefined
  /** The newest bid, the block from which it has been seen to wait, and whether it is known to be the last. */
  let waiting: { hash: Hex; sinceBlock: bigint; isLast: boolean } | undefined
  let price: { wei: bigint; readMs: number } | undefined

  /** One nonce has one outcome: that of the bid that was mined, if one was. */
  const finish = (transaction: Pending, outcome: Outcome, bid: Bid = transaction): Outcome => {
    inTransaction(database, () => {
      deleteLower.run(transaction.id)
      setBid(transaction.id, bid, transaction.sent_at)
      update.run(outcome, transaction.id)
    })
    onOutcome()
    log.info({ purpose: transaction.purpose, hash: bid.hash, outcome }, 'Transaction settled')
    return outcome
  }

  /** One look at the chain. A transaction is dropped only when its nonce can never be used again by it. */
  const look = async (transaction: Pending): Promise<Outcome> => {
    const bids = bidsOf(transaction)
    const found = await minedOf(bids)
    if (found !== undefined) return finish(transaction, ...found)
    const used = await client.getTransactionCount({ address: account.address, blockTag: 'latest' })
    // Below: another transaction of this key, sent from elsewhere, comes first.
    if (used <= transaction.nonce) {
      const isNext = used === transaction.nonce
      const raised =
        isNext && (await isStuck(transaction)) ? await raise(transaction, bids.at(-1)!) : undefined
      await resend(raised ?? transaction)
      return 'pending'
    }
    // Between the two reads the transaction itself may have been mined, so look once more before giving it up.
    const late = await minedOf(bids)
    return late === undefined ? finish(transaction, 'dropped') : finish(transaction, ...late)
  }

  const minedOf = async (bids: readonly Bid[]): Promise<[Outcome, Bid] | undefined> => {
    const statuses = await Promise.all(bids.map(({ hash }) => receiptStatus(hash)))
    const at = statuses.findIndex(status => status !== undefined)
    return at < 0 ? undefined : [statuses[at] === 'success' ? 'mined' : 'reverted', bids[at]!]
  }

  const isStuck = async ({ hash, sent_at: sentMs }: Pending): Promise<boolean> => {
    const block = await client.getBlockNumber()
    if (waiting?.hash !== hash) waiting = { hash, sinceBlock: block, isLast: false }
    return nowMs() - sentMs >= STUCK_MS && block - waiting.sinceBlock >= STUCK_BLOCKS
  }

  /** Bids more for the same nonce; undefined when the limit of the price, or of our ETH, is reached. */
  const raise = async (transaction: Pending, first: Bid): Promise<Bid | undefined> => {
    const { id, purpose, nonce, hash: was } = transaction
    const bid = await higherBid({ client, account }, first.raw, transaction.raw)
    if (!bid.isRaised) {
      const { price, balance } = bid
      if (!waiting?.isLast)
        log.warn({ purpose, hash: was, price, balance }, 'Transaction stuck at its highest price')
      if (waiting !== undefined) waiting.isLast = true
      return undefined
    }
    const higher = { hash: keccak256(bid.raw), raw: bid.raw }
    // On disk before it is sent: whatever may be mined is known.
    inTransaction(database, () => {
      insertLower.run(id)
      setBid(id, higher, nowMs())
    })
    log.info({ purpose, hash: higher.hash, nonce, was, price: bid.price }, 'Transaction priced higher')
    return higher
  }

  const receiptStatus = async (hash: Hex): Promise<'success' | 'reverted' | undefined> => {
    try {
      return (await client.getTransactionReceipt({ hash })).status
    } catch (thrown) {
      if (thrown instanceof TransactionReceiptNotFoundError) return undefined
      throw thrown
    }
  }

  const resend = async ({ raw }: Bid): Promise<void> => {
    try {
      await client.sendRawTransaction({ serializedTransaction: raw })
    } catch (thrown) {
      // "Already known" is the usual answer. Whatever it is, the next look at the chain decides.
      log.debug(
        { error: thrown instanceof Error ? thrown.message : `${thrown}` },
        'Transaction not taken again',
      )
    }
  }

  const settle = async (): Promise<Outcome | undefined> => {
    const transaction = pending()
    if (transaction === undefined || isSending) return undefined
    // One look at a time: two could bid at once, and one would not know the other's bid.
    looking ??= onChain('look for a transaction', () => look(transaction)).finally(() => {
      looking = undefined
    })
    return looking
  }

  const send = async (purpose: string, { to, data }: Call): Promise<Outcome> => {
    const open = pending()
    if (isSending || open !== undefined) {
      throw new AriaError('busy', `The transaction "${open?.purpose ?? purpose}" is still under way.`, {
        facts: { hash: open?.hash },
      })
    }
    isSending = true
    try {
      const transaction = await onChain(purpose, async () => {
        // Estimating the gas also tells when the call would revert, before a nonce is spent on it.
        const prepared = await client.prepareTransactionRequest({ account, to, data, chain: client.chain })
        const raw = await account.signTransaction({ ...prepared, chainId: client.chain!.id } as never)
        const hash = keccak256(raw)
        const sentMs = nowMs()
        const { id } = insert.get(purpose, hash, raw, prepared.nonce, sentMs) as { id: number }
        return { id, purpose, hash, raw, nonce: prepared.nonce, sent_at: sentMs }
      })
      log.info({ purpose, hash: transaction.hash, nonce: transaction.nonce }, 'Transaction sent')
      await resend(transaction)
      return await follow(transaction)
    } finally {
      isSending = false
    }
  }

  const follow = async (transaction: Pending): Promise<Outcome> => {
    for (let waited = 0; waited < waitMs; waited += POLL_INTERVAL_MS) {
      try {
        const status = await receiptStatus(transaction.hash)
        if (status !== undefined) return finish(transaction, status === 'success' ? 'mined' : 'reverted')
      } catch {
        break // The RPC is away: the outcome is unknown, and `settle` asks again.
      }
      await new Promise(resolve => setTimeout(resolve, POLL_INTERVAL_MS))
    }
    return 'pending'
  }

  return {
    address: account.address.toLowerCase() as Address,
    send,
    settle,
    gasBalance: () => onChain('read the gas balance', () => client.getBalance({ address: account.address })),
    gasPrice: async () => {
      const isRecent = price !== undefined && Math.abs(nowMs() - price.readMs) <= GAS_PRICE_AGE_MS_MAX
      if (!isRecent) {
        const wei = await onChain('read the gas price', () => client.getGasPrice())
        price = { wei, readMs: nowMs() }
      }
      return price!.wei
    },
    pending,
  }
}
