import type { LocalAccount, PublicClient } from 'viem'
import { type Host, type KnownOffer, type OfferBook, watchOffers } from '../p2p/index.ts'
import {
  type Address,
  ARIA,
  type AriaError,
  type Deployment,
  deployed,
  type Hex,
  type ReceiptBundle,
  type Signer,
} from '../protocol/index.ts'
import { receiptBundle, transcripts } from './bundle.ts'
import { readTokenBalance } from './chain/escrow.ts'
import { registrations } from './chain/registration.ts'
import { scores } from './chain/scores.ts'
import { createWallet } from './chain/wallet.ts'
import {
  type ClosingStep,
  channelPool,
  closeChannels,
  funding,
  type MoneyAtRest,
  moneyAtRest,
} from './channels/index.ts'
import { channelsOnChain } from './channels/on-chain.ts'
import { createLoad } from './choice/load.ts'
import { reputation } from './choice/reputation.ts'
import { type InferComponents, type InferEvent, infer } from './infer.ts'
import type { Delivery, InferRequest } from './job/job.ts'
import { BUSY_WAIT_MS, OFFERS_WAIT_MS, TIMEOUTS, type Timeouts } from './limits.ts'
import type { PendingTransaction, ProviderRecord, Store } from './store/index.ts'

export const DEPOSIT_MIN = ARIA / 100n
export const DEPOSIT_MAX = 10n * ARIA

export type Privacy = 'public' | 'private'

export interface ClientInit {
  deployment: Deployment
  /** Private jobs enter no receipt root and are never audited from there. */
  privacy?: Privacy
  depositMin?: bigint
  depositMax?: bigint
  timeouts?: Partial<Timeouts>
  /** How long a request waits for the first offer of its model. */
  offersWaitMs?: number
  /** How long a request waits for a busy provider. */
  busyWaitMs?: number
}

export interface ClientComponents {
  /** A started libp2p host; the client never stops it. */
  host: Host
  publicClient: PublicClient
  /** Pays deposits; signs transactions only. */
  wallet: LocalAccount
  /** Signs vouchers and requests; worth at most what its channels hold. */
  sessionSigner: Signer
  store: Store
  /** Where offers come from; the market's gossip unless given. */
  offerBook?: OfferBook
  nowMs?: () => number
  random?: () => number
}

export interface ClientStatus {
  wallet: Address
  session: Address
  /** Undefined while the chain does not answer. */
  walletBalance: bigint | undefined
  /** When balances and claims were last read from the chain, milliseconds. */
  chainReadAtMs: number | undefined
  spent: bigint
  requests: number
  pendingTransactions: PendingTransaction[]
  moneyAtRest: MoneyAtRest[]
  providers: ProviderRecord[]
  /** Why the last background deposit failed. */
  topUpError: AriaError | undefined
}

export interface Client {
  infer(request: InferRequest): AsyncGenerator<InferEvent>
  /** Valid offers of the market now. */
  offers(): KnownOffer[]
  status(): Promise<ClientStatus>
  moneyAtRest(): MoneyAtRest[]
  /** One step towards getting all deposits back: thaw, then (after the thaw) withdraw. */
  closeChannels(): Promise<ClosingStep[]>
  /** The full, portable proof of a recent answer; kept in memory only. */
  receipt(requestId: Hex): ReceiptBundle | undefined
  /** Cancels what runs, waits for its receipts and deposits. The store and the host belong to the caller. */
  close(): Promise<void>
}

/** Finds providers, pays them per token, checks every step. */
export function createClient(init: ClientInit, components: ClientComponents): Client {
  const { deployment, privacy = 'private' } = init
  const { host, publicClient, store, sessionSigner, nowMs = Date.now, random = Math.random } = components
  const { channels, receipts, transactions, providers } = store
  const place = deployed(deployment)
  const payer = components.wallet.address.toLowerCase() as Address

  const wallet = createWallet({
    ...{ publicClient, account: components.wallet, chainId: deployment.chainId, transactions, nowMs },
  })
  const { depositMin = DEPOSIT_MIN, depositMax = DEPOSIT_MAX } = init
  const funds = funding({ publicClient, deployment, wallet, channels, depositMin, depositMax, nowMs })
  const isPrivate = privacy === 'private'
  const pool = channelPool({ channels, payer, signer: sessionSigner.address, isPrivate, nowMs })
  const seen = reputation(providers, nowMs)
  const book = components.offerBook ?? watchOffers({ host, deployed: place, nowMs })
  const kept = transcripts()
  const load = createLoad()
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const chainView = channelsOnChain({ publicClient, deployment, channels })

  function onDelivery(delivery: Delivery): void {
    const { order } = delivery
    const parts = channels.get(order.channel)!.parts
    kept.add(order.request.requestId, receiptBundle(delivery, parts, deployment))
  }

  const inferComponents: InferComponents = {
    ...{
      host,
      channels,
      books: store,
      funding: funds,
      signer: sessionSigner,
      deployed: place,
      nowMs,
      random,
      pool,
      onDelivery,
    },
    timeouts: { ...TIMEOUTS, ...init.timeouts },
    offersWaitMs: init.offersWaitMs ?? OFFERS_WAIT_MS,
    busyWaitMs: init.busyWaitMs ?? BUSY_WAIT_MS,
    ...{ closing: closing.signal, running },
    reputation: seen,
    load,
    candidates: {
      ...{ offers: book.current, reputation: seen, inFlight: load.count, depositMax, nowMs },
      registrations: registrations({ publicClient, deployment, nowMs }),
      scores: scores({ publicClient, deployment, nowMs }),
    },
  }

  return {
    infer: request => infer(inferComponents, request),
    offers: book.current,
    moneyAtRest: () => moneyAtRest(channels.all(), nowMs()),
    closeChannels: () => closeChannels({ publicClient, deployment, wallet, channels }),
    receipt: kept.get,
    async close() {
      closing.abort()
      await Promise.allSettled([...running, funds.idle()])
      book.close()
    },
    status: async () => ({
      wallet: payer,
      session: sessionSigner.address,
      walletBalance: await readTokenBalance(publicClient, deployment, payer).catch(() => undefined),
      ...(await chainView.refresh()),
      ...receipts.totals(),
      pendingTransactions: wallet.pending(),
      moneyAtRest: moneyAtRest(channels.all(), nowMs()),
      providers: providers.all(),
      topUpError: funds.lastError(),
    }),
  }
}
