import { AriaError, type Deployment, type Hex } from '@aria/sdk/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import type { Chain } from '../chain/client.ts'
import { type Call, type Outbox, outbox } from '../chain/outbox.ts'
import type { Log } from '../observe/log.ts'
import { openDatabase } from '../payments/database.ts'

/** How long a command waits for the block that has its transaction. */
const WAIT_MS = 60_000

export interface MoneyWallet {
  /**
   * Sends one transaction and waits for it. One whose outcome is unknown is asked for first, by whatever command comes
   * next; when it is the same one, that is the answer and nothing is sent again.
   * @throws AriaError `chain_unreachable` while an outcome is unknown, `chain_rejected` when it reverts.
   */
  send(purpose: string, call: Call): Promise<void>
  close(): void
}

/** The wallet of one person's commands, with a journal of its own in the data directory. */
export function moneyWallet(
  chain: Chain,
  init: { dataDir: string; deployment: Deployment; privateKey: Hex; log: Log; waitMs?: number },
): MoneyWallet {
  const { dataDir, deployment, privateKey, log, waitMs = WAIT_MS } = init
  const { address } = privateKeyToAccount(privateKey)
  const database = openDatabase(dataDir, deployment, `wallet-${address.slice(2, 10).toLowerCase()}`)
  const transactions: Outbox = outbox({ chain, database, privateKey, log, waitMs })
  return {
    close: () => database.close(),
    send: async (purpose, call) => {
      const before = transactions.pending()
      if (before !== undefined) {
        const outcome = await transactions.settle()
        if (outcome === 'pending') throw unknown(before)
        if (before.purpose === purpose && outcome === 'mined') return
      }
      const outcome = await transactions.send(purpose, call)
      if (outcome === 'mined') return
      if (outcome === 'pending') throw unknown(transactions.pending()!)
      throw new AriaError('chain_rejected', `The transaction "${purpose}" was ${outcome}.`)
    },
  }
}

function unknown({ purpose, hash }: { purpose: string; hash: Hex }): AriaError {
  return new AriaError('chain_unreachable', `The outcome of "${purpose}" (${hash}) is not known yet.`, {
    facts: { hash, purpose },
    hint: 'Run the same command again: it asks for this transaction first, and never sends a second one.',
  })
}
