import { createClient, openStore, type Store, storePath } from '@aria/sdk/client'
import { createHost } from '@aria/sdk/p2p'
import { type Hex, keySigner } from '@aria/sdk/protocol'
import { escrowAbi, tokenAbi } from '@aria/sdk/protocol/abi'
import { createPublicClient, http, type PublicClient } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { type Chain, connectChain } from '../../node/chain/client.ts'
import { moneyView } from '../../node/money/view.ts'
import { claimable } from '../../node/money/vouchers.ts'
import { openDatabase } from '../../node/payments/database.ts'
import { voucherStore } from '../../node/payments/vouchers.ts'
import { readLedger } from '../../test/demo/ledger.ts'
import { pause } from './faults.ts'
import type { Person, World } from './world.ts'

type ChannelRow = ReturnType<Store['channels']['all']>[number]

const POLL_MS = 2_000
/** Two blocks of time and several beats of the collectors, on a busy machine. */
const REDEEM_WAIT_MS = 90_000

/** One channel from all three sides. */
export interface ChannelEnd {
  channel: Hex
  client: string
  provider: string
  /** Wei per token. */
  priceIn: bigint
  priceOut: bigint
  /** False while an order on it ended without a receipt. */
  isSettled: boolean
  balance: bigint
  claimed: bigint
  /** The largest total that the client ever signed. */
  signed: bigint
  /** The provider's best voucher and what it believes to have redeemed; undefined when it knows nothing of the channel. */
  best: bigint | undefined
  booked: bigint | undefined
}

export interface Settled {
  channels: ChannelEnd[]
  /** Wei, each zero when books and chain agree. */
  ledger: { difference: bigint; custody: bigint; unredeemed: bigint; unsigned: bigint; misbooked: bigint }
  orphans: { wei: bigint; reasons: string[] }
  /** Wei still in channels after every payer closed them as the view of money at rest says. */
  unreturned: bigint
}

/** Waits until the providers have redeemed what they can. */
export async function waitForRedemption(
  { providers, rpcUrl, deployment }: World,
  signal: AbortSignal,
): Promise<void> {
  const chain = await connectChain(rpcUrl, deployment)
  const until = performance.now() + REDEEM_WAIT_MS
  while (performance.now() < until && !signal.aborted) {
    const left = await Promise.all(providers.map(({ dataDir }) => claimable(chain, dataDir)))
    if (left.flat().length === 0) return
    await pause(POLL_MS, signal)
  }
}

/** After all processes have ended: compares every book with the chain, then frees all money. */
export async function settle(world: World, signal: AbortSignal): Promise<Settled> {
  const { rpcUrl, deployment, chain: test, clients, gateway } = world
  const chain = await connectChain(rpcUrl, deployment)
  const payers = [...clients, gateway]
  const channels = await channelEnds(world, chain.client)
  const { difference, custody } = await readLedger(rpcUrl, deployment)
  const sum = (of: (end: ChannelEnd) => bigint) => channels.map(of).reduce((total, wei) => total + wei, 0n)
  const ledger = {
    ...{ difference, custody },
    unredeemed: sum(({ best = 0n, balance, claimed }) => atLeastZero(smaller(best, balance) - claimed)),
    unsigned: sum(({ claimed, signed }) => atLeastZero(claimed - signed)),
    misbooked: sum(({ booked, claimed }) => (booked === undefined ? 0n : absolute(booked - claimed))),
  }
  const orphans = await findOrphans(world, chain)
  for (const payer of payers) await closeAll(world, payer)
  await test.increaseTime({ seconds: deployment.params.thawSeconds + 1 })
  await test.mine({ blocks: 1 })
  for (const payer of payers) await closeAll(world, payer)
  signal.throwIfAborted()
  const after = await Promise.all(channels.map(({ channel }) => readChannel(chain.client, world, channel)))
  const unreturned = after.reduce((total, { balance, claimed }) => total + balance - claimed, 0n)
  return { channels, ledger, orphans, unreturned }
}

async function channelEnds(world: World, reader: PublicClient): Promise<ChannelEnd[]> {
  const { deployment, clients, gateway, providers } = world
  const ends: ChannelEnd[] = []
  for (const payer of [...clients, gateway]) {
    const store = openStore(storePath(payer.dataDir, deployment))
    const rows = store.channels.all()
    store.close()
    for (const row of rows) ends.push(await channelEnd(row, payer.name))
  }
  return ends

  async function channelEnd(row: ChannelRow, client: string): Promise<ChannelEnd> {
    const provider = providers.find(({ node }) => node.address === row.node)!
    const database = openDatabase(provider.dataDir, deployment)
    const account = voucherStore(database).account(row.id)
    database.close()
    const { balance, claimed } = await readChannel(reader, world, row.id)
    return {
      ...{ channel: row.id, client, provider: provider.name, balance, claimed },
      ...{ priceIn: provider.priceIn, priceOut: provider.priceOut, isSettled: row.settled },
      ...{ signed: row.signed?.total ?? 0n, best: account?.best?.total, booked: account?.claimed },
    }
  }
}

async function readChannel(reader: PublicClient, { deployment }: World, id: Hex) {
  return await reader.readContract({
    ...{ address: deployment.contracts.escrow, abi: escrowAbi, functionName: 'channels', args: [id] },
  })
}

/** Every wei that the escrow holds must be in somebody's view, with a reason, and with a command or a time that frees it. */
async function findOrphans(world: World, chain: Chain): Promise<Settled['orphans']> {
  const { providers, clients, gateway, deployment } = world
  const reasons: string[] = []
  let seen = 0n
  let wrong = 0n
  const look = async (name: string, init: Parameters<typeof moneyView>[1]) => {
    const { items, totals, checks } = await moneyView(chain, init)
    seen += totals.escrow
    for (const { value, goal, ok } of checks) {
      if (ok) continue
      wrong += absolute(BigInt(value) - BigInt(goal.replace('= ', '')))
      reasons.push(`${name}: ${value} wei, events say ${goal}`)
    }
    for (const { kind, amount, why, command, until } of items) {
      if (why !== '' && (command !== undefined || until !== undefined)) continue
      wrong += amount
      reasons.push(`${name}: ${amount} wei of kind ${kind} without a way to free them`)
    }
  }
  for (const { name, dataDir, address } of providers)
    await look(name, { dataDir, operator: address, payee: address, payer: undefined })
  for (const { name, dataDir, address } of [...clients, gateway])
    await look(name, { dataDir, operator: undefined, payee: undefined, payer: address })
  const held = await chain.client.readContract({
    ...{ address: deployment.contracts.token, abi: tokenAbi, functionName: 'balanceOf' },
    args: [deployment.contracts.escrow],
  })
  if (held !== seen) reasons.push(`the escrow holds ${held} wei, all views together ${seen}`)
  return { wei: wrong + absolute(held - seen), reasons }
}

/** What `aria gateway close` does: one step for every channel. */
async function closeAll({ deployment, rpcUrl }: World, payer: Person): Promise<void> {
  const host = await createHost({ privateKey: generatePrivateKey() })
  const store = openStore(storePath(payer.dataDir, deployment))
  const client = createClient(
    { deployment },
    {
      ...{ host, store, publicClient: createPublicClient({ transport: http(rpcUrl, { batch: true }) }) },
      ...{ wallet: privateKeyToAccount(payer.privateKey), sessionSigner: keySigner(generatePrivateKey()) },
    },
  )
  try {
    await client.closeChannels()
  } finally {
    await client.close()
    await host.stop()
    store.close()
  }
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b)
const absolute = (wei: bigint) => (wei < 0n ? -wei : wei)
const atLeastZero = (wei: bigint) => (wei < 0n ? 0n : wei)
