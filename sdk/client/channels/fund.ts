import { encodeFunctionData, type PublicClient } from 'viem'
import { escrowAbi } from '../../protocol/abi/index.ts'
import { AriaError, type Deployment, formatAria, type Hex, toAriaError } from '../../protocol/index.ts'
import { larger, smaller } from '../amounts.ts'
import { readChannel, readTokenBalance } from '../chain/escrow.ts'
import { signPermit } from '../chain/permit.ts'
import type { Call, Wallet } from '../chain/wallet.ts'
import { DEPOSIT_ATTEMPTS_MAX, DEPOSIT_REQUESTS, TOP_UP_PERCENT } from '../limits.ts'
import { createLock, type Lock } from '../lock.ts'
import type { ChannelRow, ChannelStore } from '../store/index.ts'
import { headroom } from './pool.ts'

/** How much one deposit may lock: the hot wallet's exposure per channel. */
export interface DepositLimits {
  depositMin: bigint
  depositMax: bigint
}

export interface FundingComponents extends DepositLimits {
  publicClient: PublicClient
  deployment: Deployment
  wallet: Wallet
  channels: ChannelStore
  nowMs: () => number
}

export interface Funding {
  /**
   * Makes sure the channel can pay a cumulative `total` and holds the least that its provider serves; deposits when it
   * cannot. @throws AriaError `deposit_too_small` when only the provider's minimum is out of reach.
   */
  ensure(id: Hex, total: bigint, costMax: bigint, offeredMin?: bigint): Promise<void>
  /** Deposits ahead of need, in the background, before the channel runs dry. */
  topUpSoon(id: Hex, costMax: bigint): void
  lastError(): AriaError | undefined
  /** Resolves once no background deposit is under way. */
  idle(): Promise<void>
}

export function funding(components: FundingComponents): Funding {
  const { channels } = components
  const locks = new Map<Hex, Lock>()
  const background = new Set<Promise<void>>()
  let lastError: AriaError | undefined

  async function ensure(id: Hex, due: bigint, costMax: bigint, offeredMin = 0n): Promise<void> {
    const total = larger(due, offeredMin)
    const lock = locks.get(id) ?? createLock(`channel ${id}`)
    locks.set(id, lock)
    const release = await lock.acquire()
    try {
      if (canPay(channels.get(id)!, total)) return
      let channel = await refresh(components, id)
      for (let tried = 0; !canPay(channel, total); tried++) {
        // A deposit was mined and is not there: the chain took it back. Should it come back too, the second one fails:
        // both spend the same nonce of the token's permit.
        if (tried === DEPOSIT_ATTEMPTS_MAX) throw takenBack(id, total, channel)
        const known = channel
        await components.wallet.send(() => depositCall(components, known, { due, offeredMin, costMax }))
        channel = await refresh(components, id)
      }
    } finally {
      release()
      if (!lock.held) locks.delete(id)
    }
  }

  return {
    ensure,
    lastError: () => lastError,
    idle: async () => {
      await Promise.all(background)
    },
    topUpSoon(id, costMax) {
      const channel = channels.get(id)!
      const size = depositSize(components, costMax)
      const enough = larger((size * TOP_UP_PERCENT) / 100n, costMax)
      if (headroom(channel) >= enough) return
      const task = ensure(id, channel.balance - headroom(channel) + size, costMax).then(
        () => {
          lastError = undefined
        },
        thrown => {
          lastError = toAriaError(thrown)
        },
      )
      background.add(task)
      task.finally(() => background.delete(task))
    },
  }
}

function takenBack(channel: Hex, total: bigint, { balance }: ChannelRow): AriaError {
  return new AriaError('chain_unreachable', `The chain took the deposits into channel ${channel} back.`, {
    facts: { channel, balance, total },
    hint: 'Nothing is lost: what was taken back is in the wallet. Ask again when the chain has settled.',
  })
}

function canPay({ balance, thawEnd }: Pick<ChannelRow, 'balance' | 'thawEnd'>, total: bigint): boolean {
  return balance >= total && thawEnd === 0
}

async function refresh(
  { publicClient, deployment, channels }: FundingComponents,
  id: Hex,
): Promise<ChannelRow> {
  channels.setChain(id, await readChannel(publicClient, deployment, id))
  return channels.get(id)!
}

function depositSize({ depositMin, depositMax }: DepositLimits, costMax: bigint): bigint {
  return smaller(larger(costMax * DEPOSIT_REQUESTS, depositMin), depositMax)
}

interface Wanted {
  /** Cumulative total that the channel must pay. */
  due: bigint
  /** The least that its provider serves. */
  offeredMin: bigint
  costMax: bigint
}

function minimumTooLarge({ node }: ChannelRow, offeredMin: bigint, limit: bigint): AriaError {
  return new AriaError(
    'deposit_too_small',
    `Provider ${node} serves channels of ${formatAria(offeredMin)} ARIA and more; ${formatAria(limit)} may be deposited.`,
    {
      facts: { node, depositMin: offeredMin, limit },
      hint: 'Choose another provider, fill the wallet, or raise ARIA_DEPOSIT_MAX.',
    },
  )
}

/** Runs under the wallet's lock, after every earlier transaction's outcome is known; so it reads the channel again. */
async function depositCall(
  components: FundingComponents,
  known: ChannelRow,
  { due, offeredMin, costMax }: Wanted,
): Promise<Call | undefined> {
  const { publicClient, deployment, wallet, nowMs } = components
  const owner = known.parts.payer
  const total = larger(due, offeredMin)
  const [now, available] = await Promise.all([
    readChannel(publicClient, deployment, known.id),
    readTokenBalance(publicClient, deployment, owner),
  ])
  if (canPay(now, total)) return undefined
  const limit = smaller(available, components.depositMax)
  if (due <= now.balance + limit && total > now.balance + limit)
    throw minimumTooLarge(known, offeredMin, limit)
  const amount = depositAmount(components, { shortfall: total - now.balance, available, costMax, owner })
  const { deadline, v, r, s } = await signPermit(publicClient, deployment, wallet.account, amount, nowMs())
  const { payee, parts } = known
  const data = encodeFunctionData({
    abi: escrowAbi,
    functionName: 'depositWithPermit',
    args: [payee, parts.signer, parts.salt, amount, deadline, v, r, s],
  })
  return { to: deployment.contracts.escrow, data, purpose: 'deposit', channel: known.id, amount }
}

/** The usual size, or what is missing if that is more; never more than half of what is left for comfort alone. */
function depositAmount(
  limits: DepositLimits,
  {
    shortfall,
    available,
    costMax,
    owner,
  }: { shortfall: bigint; available: bigint; costMax: bigint; owner: Hex },
): bigint {
  const missing = larger(shortfall, 1n)
  if (missing > limits.depositMax) {
    throw new AriaError('price_too_high', `The request can cost ${formatAria(costMax)} ARIA.`, {
      facts: { costMax, missing, depositMax: limits.depositMax },
      hint: 'Ask for fewer tokens, choose a cheaper provider, or raise ARIA_DEPOSIT_MAX.',
    })
  }
  if (available < missing) {
    throw new AriaError('client_unfunded', `Wallet ${owner} has ${formatAria(available)} ARIA.`, {
      facts: { wallet: owner, available, missing },
      hint: `Send at least ${formatAria(missing - available)} ARIA to ${owner}.`,
    })
  }
  return larger(missing, smaller(depositSize(limits, costMax), available / 2n))
}
