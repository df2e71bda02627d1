import { type Address, AriaError, type Hex } from '@aria/sdk/protocol'
import { keccak256, TransactionReceiptNotFoundError } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Log } from '../observe/log.ts'
import type { Database } from '../payments/database.ts'
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
  /** Looks for the outcome of what is pending; sends it again when the network lost it. */
  settle(): Promise<Outcome | undefined>
  gasBalance(): Promise<bigint>
  /** Wei that one unit of gas costs, read within the last ten seconds: it is a policy's yardstick, not a bid. */
  gasPrice(): Promise<bigint>
  /** What is under way, for the view of money at rest. */
  pending(): { purpose: string; hash: Hex; nonce: number } | undefined
}

interface Pending {
  id: number
  purpose: string
  hash: Hex
  raw: Hex
  nonce: number
}

/** How long `send` waits for the block; later, `settle` finds out. */
const WAIT_MS = 5_000
const POLL_INTERVAL_MS = 100
const GAS_PRICE_AGE_MS_MAX = 10_000

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
  const pending = () => selectPending.get() as Pending | undefined
  let isSending = false
  let price: { wei: bigint; readMs: number } | undefined

  const finish = (transaction: Pending, outcome: Outcome): Outcome => {
    update.run(outcome, transaction.id)
    onOutcome()
    log.info({ purpose: transaction.purpose, hash: transaction.hash, outcome }, 'Transaction settled')
    return outcome
  }

  /** One look at the chain. A transaction is dropped only when its nonce can never be used again by it. */
  const look = async (transaction: Pending): Promise<Outcome> => {
    const status = await receiptStatus(transaction.hash)
    if (status !== undefined) return finish(transaction, status === 'success' ? 'mined' : 'reverted')
    const used = await client.getTransactionCount({ address: account.address, blockTag: 'latest' })
    // Below: another transaction of this key, sent from elsewhere, comes first.
    if (used <= transaction.nonce) {
      await resend(transaction)
      return 'pending'
    }
    // Between the two reads the transaction itself may have been mined, so look once more before giving it up.
    const late = await receiptStatus(transaction.hash)
    if (late !== undefined) return finish(transaction, late === 'success' ? 'mined' : 'reverted')
    return finish(transaction, 'dropped')
  }

  const receiptStatus = async (hash: Hex): Promise<'success' | 'reverted' | undefined> => {
    try {
      return (await client.getTransactionReceipt({ hash })).status
    } catch (thrown) {
      if (thrown instanceof TransactionReceiptNotFoundError) return undefined
      throw thrown
    }
  }

  const resend = async ({ raw }: Pending): Promise<void> => {
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
    return onChain('look for a transaction', () => look(transaction))
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
        const { id } = insert.get(purpose, hash, raw, prepared.nonce, nowMs()) as { id: number }
        return { id, purpose, hash, raw, nonce: prepared.nonce }
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
