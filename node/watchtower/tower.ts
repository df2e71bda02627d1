import { type Address, AriaError, type Deployment, deployed, type Hex } from '@aria/sdk/protocol'
import { channelReader } from '../chain/channels.ts'
import type { Chain } from '../chain/client.ts'
import { outbox } from '../chain/outbox.ts'
import type { CreditHead } from '../config.ts'
import type { Log } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { type Collector, collector } from '../payments/collector.ts'
import { type Database, openDatabase } from '../payments/database.ts'
import { type VoucherStore, voucherStore } from '../payments/vouchers.ts'
import { unpack } from './parcel.ts'
import type { SealKey } from './seal.ts'

export interface Tower {
  /** Keeps what is better than what it has. @throws AriaError as `unpack`, and `wrong_payee`. */
  take(sealed: Uint8Array): Promise<{ node: Address; channels: number; kept: number }>
  /** Redeems where a payer thaws, or where a voucher has waited too long. */
  beat(): Promise<void>
  /** Redeems everything now. */
  collect(): Promise<void>
  close(): void
}

export interface TowerInit {
  chain: Chain
  deployment: Deployment
  dataDir: string
  key: SealKey
  /** Pays the gas. */
  walletKey: Hex
  /** Whose vouchers are kept; redeeming is open to all, but here it costs our gas. */
  nodes: readonly Address[]
  /** A provider redeems by itself before this; a voucher that waits longer says that it does not run. */
  redeemAfterMs: number
  creditHead: CreditHead
  log: Log
  nowMs?: () => number
}

interface Kept {
  database: Database
  vouchers: VoucherStore
  money: Collector
}

/** Keeps the best vouchers of some providers and redeems them in their place: no key of theirs is needed for it. */
export function tower(init: TowerInit): Tower {
  const { chain, deployment, dataDir, key, walletKey, nodes, log, nowMs = Date.now } = init
  const main = openDatabase(dataDir, deployment, 'watchtower')
  const sender = outbox({ chain, database: main, privateKey: walletKey, log })
  const byNode = new Map<Address, Kept>()

  const open = (node: Address, payee: Address): Kept => {
    const database = openDatabase(dataDir, deployment, `watchtower-${node.slice(2)}`)
    const vouchers = voucherStore(database, nowMs)
    const money = collector({
      ...{ vouchers, outbox: sender, payee, log, nowMs, metrics: createMetrics() },
      channels: channelReader(chain, init.creditHead),
      escrow: deployment.contracts.escrow,
      redeemAfterMs: init.redeemAfterMs,
      byValue: false,
      ariaPerEth: 0n,
    })
    const kept = { database, vouchers, money }
    byNode.set(node, kept)
    return kept
  }
  const selectPayee = main.prepare('select value from meta where key = ?')
  const insertPayee = main.prepare('insert or ignore into meta values (?, ?)')
  const payeeOf = (node: Address) =>
    (selectPayee.get(`payee ${node}`) as { value: Address } | undefined)?.value
  // What an earlier run kept is watched from the first beat on.
  for (const node of nodes) {
    const payee = payeeOf(node)
    if (payee !== undefined) open(node, payee)
  }

  return {
    take: async sealed => {
      const { node, payee, vouchers } = await unpack(sealed, key, deployed(deployment))
      if (!nodes.includes(node)) {
        throw new AriaError(
          'bad_signature',
          `The parcel was signed by ${node}, whom this watchtower does not serve.`,
          {
            facts: { node },
            hint: 'Add the node to ARIA_WATCHTOWER_NODES.',
          },
        )
      }
      insertPayee.run(`payee ${node}`, payee)
      const known = payeeOf(node)!
      if (known !== payee) {
        throw new AriaError(
          'wrong_payee',
          `Vouchers of node ${node} are kept for payee ${known}, not ${payee}.`,
          {
            facts: { known, payee },
            hint: 'Use another data directory for another payee.',
          },
        )
      }
      const { vouchers: store } = byNode.get(node) ?? open(node, payee)
      let kept = 0
      for (const { id, parts, voucher } of vouchers) if (store.keep(id, parts, voucher)) kept++
      log.info({ node, channels: vouchers.length, kept }, 'Parcel taken')
      return { node, channels: vouchers.length, kept }
    },
    beat: async () => {
      for (const { money } of byNode.values()) await money.beat()
    },
    collect: async () => {
      for (const { money } of byNode.values()) await money.collect()
    },
    close: () => {
      for (const { database } of byNode.values()) database.close()
      main.close()
    },
  }
}
