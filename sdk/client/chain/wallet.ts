import { keccak256, type LocalAccount, type PublicClient, TransactionReceiptNotFoundError } from 'viem'
import { AriaError, type Hex } from '../../protocol/index.ts'
import { TRANSACTION_POLL_MS, TRANSACTION_POLL_MS_MAX, TRANSACTION_TIMEOUT_MS } from '../limits.ts'
import { createLock } from '../lock.ts'
import type { PendingTransaction, TransactionStore } from '../store/index.ts'
import { chainError, readChain } from './read.ts'

export interface Call {
  to: Hex
  data: Hex
  /** For people: "deposit", "thaw", "withdraw". */
  purpose: string
  channel: Hex
  amount: bigint
}

/**
 * The only sender of one account's transactions: one at a time, each remembered before it leaves.
 * An unknown outcome stays pending; the very same bytes are sent again until the chain has used their nonce,
 * so no payment is ever made twice.
 */
export interface Wallet {
  readonly account: LocalAccount
  /**
   * Builds the call under the lock, once every earlier outcome is known, sends it and waits until it is mined.
   * Building nothing means that an earlier transaction already did it.
   */
  send(build: () => Promise<Call | undefined>): Promise<void>
  pending(): PendingTransaction[]
}

export interface WalletComponents {
  publicClient: PublicClient
  account: LocalAccount
  chainId: number
  transactions: TransactionStore
  nowMs: () => number
}

export function createWallet(components: WalletComponents): Wallet {
  const { publicClient, account, transactions } = components
  const lock = createLock(`wallet ${account.address}`)

  async function settlePending(): Promise<void> {
    for (const transaction of transactions.pending()) {
      const outcome = await outcomeOf(publicClient, account.address, transaction)
      if (outcome === 'mined' || outcome === 'failed') transactions.finish(transaction.hash, outcome)
      else await finishSending(transaction)
    }
  }

  async function finishSending(transaction: PendingTransaction): Promise<void> {
    const outcome = await broadcastAndWait(publicClient, account.address, transaction)
    if (outcome !== undefined) transactions.finish(transaction.hash, outcome)
    if (outcome === 'mined') return
    const { hash, purpose } = transaction
    if (outcome === 'failed') throw new AriaError('chain_rejected', `The ${purpose} ${hash} was reverted.`)
    throw new AriaError('chain_unreachable', `The outcome of the ${purpose} ${hash} is not known yet.`, {
      facts: { hash, purpose },
      hint: 'Nothing is lost: the same transaction is sent again, and nothing else until the chain answers.',
    })
  }

  return {
    account,
    pending: transactions.pending,
    async send(build) {
      const release = await lock.acquire()
      try {
        await settlePending()
        const call = await build()
        if (call === undefined) return
        const transaction = await signCall(components, call)
        transactions.add(transaction, components.nowMs())
        await finishSending(transaction)
      } finally {
        release()
      }
    },
  }
}

/** Gas is estimated against the pending state, so a call that would revert fails here, before it is signed. */
async function signCall(
  { publicClient, account, chainId }: WalletComponents,
  call: Call,
): Promise<PendingTransaction> {
  const { to, data, purpose, channel, amount } = call
  const { nonce, serialized } = await readChain(`the ${purpose}`, async () => {
    const request = await publicClient.prepareTransactionRequest({
      ...{ account, chain: null, to, data, chainId, type: 'eip1559' as const },
      nonce: await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' }),
    })
    const { gas, maxFeePerGas, maxPriorityFeePerGas, nonce } = request
    const fees = { gas, maxFeePerGas, maxPriorityFeePerGas }
    return {
      nonce,
      serialized: await account.signTransaction({ type: 'eip1559', chainId, to, data, nonce, ...fees }),
    }
  })
  return { hash: keccak256(serialized), nonce, raw: serialized, purpose, channel, amount }
}

type Outcome = 'mined' | 'failed' | undefined

async function broadcastAndWait(
  publicClient: PublicClient,
  from: Hex,
  transaction: PendingTransaction,
): Promise<Outcome> {
  let refused: unknown
  try {
    await publicClient.sendRawTransaction({ serializedTransaction: transaction.raw })
  } catch (cause) {
    refused = cause // The node may have it already, or be away: only the chain's own state decides.
  }
  const deadlineMs = performance.now() + TRANSACTION_TIMEOUT_MS
  let waitMs = TRANSACTION_POLL_MS
  do {
    const outcome = await outcomeOf(publicClient, from, transaction)
    if (outcome !== undefined) return outcome
    if (refused !== undefined) throw chainError(`the ${transaction.purpose} ${transaction.hash}`, refused)
    await new Promise(resolve => setTimeout(resolve, waitMs))
    waitMs = Math.min(waitMs * 1.5, TRANSACTION_POLL_MS_MAX)
  } while (performance.now() < deadlineMs)
  return undefined
}

/** 'failed' also when another transaction used the nonce: this one can then never happen. */
async function outcomeOf(
  publicClient: PublicClient,
  from: Hex,
  transaction: PendingTransaction,
): Promise<Outcome> {
  const outcome = await minedOutcome(publicClient, transaction)
  if (outcome !== undefined) return outcome
  const used = await readChain('the account', () =>
    publicClient.getTransactionCount({ address: from, blockTag: 'latest' }),
  )
  if (used <= transaction.nonce) return undefined
  // It may have been mined between the two questions; the nonce is used now, so this answer is final.
  return (await minedOutcome(publicClient, transaction)) ?? 'failed'
}

async function minedOutcome(publicClient: PublicClient, { hash }: PendingTransaction): Promise<Outcome> {
  const receipt = await readChain(`transaction ${hash}`, () =>
    publicClient.getTransactionReceipt({ hash }).catch(cause => {
      if (cause instanceof TransactionReceiptNotFoundError) return undefined
      throw cause
    }),
  )
  if (receipt === undefined) return undefined
  return receipt.status === 'success' ? 'mined' : 'failed'
}
