import type { PublicClient } from 'viem'
import { stakingAbi } from '../../protocol/abi/index.ts'
import { type Address, AriaError, type Deployment, sameAddress, ZERO_HASH } from '../../protocol/index.ts'
import { REGISTRATION_FRESH_MS, REGISTRATION_STALE_MS, REGISTRATIONS_MAX } from '../limits.ts'
import { readChain } from './read.ts'

const KIND_PROVIDER = 1

/** Why an operator may not be paid; undefined when it may. */
export type Objection = string | undefined

/** Answers whether a node key belongs to a registered, staked, unjailed provider; cached. */
export interface Registrations {
  objection(node: Address, operator: Address): Promise<Objection>
}

interface Entry {
  checkedAtMs: number
  operator: Address
  objection: Objection
}

export interface RegistrationsComponents {
  publicClient: PublicClient
  deployment: Deployment
  nowMs: () => number
}

export function registrations(components: RegistrationsComponents): Registrations {
  const { nowMs } = components
  const cache = new Map<Address, Entry>()
  const running = new Map<Address, Promise<Entry>>()

  function remember(node: Address, entry: Entry): Entry {
    cache.delete(node)
    cache.set(node, entry)
    if (cache.size > REGISTRATIONS_MAX) cache.delete(cache.keys().next().value!)
    return entry
  }

  async function refresh(node: Address): Promise<Entry> {
    const current = running.get(node)
    if (current !== undefined) return await current
    const fresh = readRegistration(components, node).then(entry => remember(node, entry))
    running.set(node, fresh)
    try {
      return await fresh
    } finally {
      running.delete(node)
    }
  }

  /** While the RPC is away, an answer that is a little old beats none. */
  async function lookUp(node: Address): Promise<Entry> {
    const known = cache.get(node)
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs() - known.checkedAtMs
    if (known !== undefined && ageMs < REGISTRATION_FRESH_MS) return known
    try {
      return await refresh(node)
    } catch (thrown) {
      if (known !== undefined && ageMs < REGISTRATION_STALE_MS) return known
      throw thrown
    }
  }

  return {
    async objection(node, operator) {
      const entry = await lookUp(node)
      if (entry.objection !== undefined) return entry.objection
      if (sameAddress(entry.operator, operator)) return undefined
      return `the node belongs to operator ${entry.operator}, the offer names ${operator}`
    },
  }
}

async function readRegistration(
  { publicClient, deployment, nowMs }: RegistrationsComponents,
  node: Address,
): Promise<Entry> {
  const staking = { address: deployment.contracts.staking, abi: stakingAbi } as const
  const checkedAtMs = nowMs()
  const operator = await readChain('operatorOf', () =>
    publicClient.readContract({ ...staking, functionName: 'operatorOf', args: [node] }),
  )
  if (operator === ZERO_HASH.slice(0, 42)) {
    return { checkedAtMs, operator, objection: 'its node key is not registered in Staking' }
  }
  const [facts, profile] = await readChain('operators', () =>
    Promise.all([
      publicClient.readContract({ ...staking, functionName: 'operators', args: [operator] }),
      publicClient.readContract({ ...staking, functionName: 'profiles', args: [operator] }),
    ]),
  )
  return { checkedAtMs, operator, objection: objectionTo(facts, profile, deployment, checkedAtMs) }
}

function objectionTo(
  { stake, kind }: { stake: bigint; kind: number },
  { jailedUntil }: { jailedUntil: number },
  { params }: Deployment,
  nowMs: number,
): Objection {
  if (kind !== KIND_PROVIDER) return 'its operator is not registered as a provider'
  if (stake < params.providerStakeMin) return `its stake ${stake} is below ${params.providerStakeMin}`
  if (jailedUntil * 1000 > nowMs) return `its operator is jailed until ${jailedUntil}`
  return undefined
}

/** @throws AriaError `bad_offer` with the reason. */
export function refuseObjection(objection: Objection, node: Address): void {
  if (objection !== undefined) throw new AriaError('bad_offer', `Provider ${node}: ${objection}.`)
}
