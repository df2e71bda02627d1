import {
  decodeFunctionData,
  keccak256,
  type PublicClient,
  parseTransaction,
  recoverTransactionAddress,
  TransactionReceiptNotFoundError,
} from 'viem'
import { escrowAbi } from '../../protocol/abi/index.ts'
import { type Address, channelId, type Hex } from '../../protocol/index.ts'

/** An in-memory chain with just the escrow rules that deposits need: the far network of the client's tests. */
export interface FakeChain {
  publicClient: PublicClient
  channels: Map<Hex, { balance: bigint; claimed: bigint; thawEnd: number }>
  tokens: Map<Address, bigint>
  /** node → operator */
  operators: Map<Address, Address>
  deposits: { channel: Hex; amount: bigint }[]
  /** 'down': every call fails. 'mute': transactions are taken and never mined. */
  mode: 'up' | 'down' | 'mute'
  /** Mines what was taken while mute. */
  mine(): Promise<void>
  /** So many of the next transactions are mined and then lost to a reorganisation. */
  reorganisations: number
  stake: bigint
  jailedUntil: number
  /** Last audits of an operator; nobody was audited unless set. */
  scores: Map<Address, number>
}

interface Read {
  functionName: string
  args?: readonly unknown[]
}

const EMPTY = { balance: 0n, claimed: 0n, thawEnd: 0 }
const NOBODY = `0x${'0'.repeat(40)}`

export function fakeChain(): FakeChain {
  const mined = new Map<Hex, { status: 'success' | 'reverted' }>()
  const lost = new Set<Hex>()
  const pool = new Map<Hex, Hex>()
  const nonces = new Map<Address, number>()
  const chain: FakeChain = {
    channels: new Map(),
    tokens: new Map(),
    operators: new Map(),
    deposits: [],
    mode: 'up',
    reorganisations: 0,
    stake: 10n ** 21n,
    jailedUntil: 0,
    scores: new Map(),
    mine,
    publicClient: undefined as unknown as PublicClient,
  }

  async function mine(): Promise<void> {
    for (const [hash, raw] of pool) {
      pool.delete(hash)
      const from = (
        await recoverTransactionAddress({ serializedTransaction: raw as never })
      ).toLowerCase() as Address
      const { nonce = 0, data = '0x' } = parseTransaction(raw)
      if (nonce !== (nonces.get(from) ?? 0)) continue
      if (chain.reorganisations > 0) {
        chain.reorganisations -= 1
        mined.set(hash, { status: 'success' })
        lost.add(hash)
        continue
      }
      nonces.set(from, nonce + 1)
      mined.set(hash, { status: apply(from, data) ? 'success' : 'reverted' })
    }
  }

  function apply(payer: Address, data: Hex): boolean {
    const { functionName, args } = decodeFunctionData({ abi: escrowAbi, data })
    if (functionName !== 'depositWithPermit') return false
    const [payee, signer, salt, amount] = args
    const parts = { payer, signer: signer.toLowerCase() as Address, salt }
    const id = channelId(parts, payee.toLowerCase() as Address)
    const available = chain.tokens.get(payer) ?? 0n
    if (available < amount) return false
    chain.tokens.set(payer, available - amount)
    const before = chain.channels.get(id) ?? EMPTY
    chain.channels.set(id, { ...before, balance: before.balance + amount, thawEnd: 0 })
    chain.deposits.push({ channel: id, amount })
    return true
  }

  function auditOf(operator: Address) {
    const score = chain.scores.get(operator)
    return { score: score ?? 0, finalized: score !== undefined, worked: score !== undefined }
  }

  function read({ functionName, args = [] }: Read): unknown {
    const [first] = args as [Hex]
    if (functionName === 'channels') return chain.channels.get(first) ?? EMPTY
    if (functionName === 'balanceOf') return chain.tokens.get(first) ?? 0n
    if (functionName === 'nonces') return 0n
    if (functionName === 'eip712Domain') return ['0x0f', 'ARIA', '1', 31337n, NOBODY, '0x', []]
    if (functionName === 'operatorOf') return chain.operators.get(first) ?? NOBODY
    if (functionName === 'operators')
      return { stake: chain.stake, unbonding: 0n, unbondEnd: 0, slots: 0, kind: 1 }
    if (functionName === 'resultOf') return auditOf(args[1] as Address)
    if (functionName === 'profiles') return { payout: NOBODY, jailedUntil: chain.jailedUntil }
    throw new Error(`The fake chain has no ${functionName}.`)
  }

  const whenUp =
    <A extends unknown[], T>(act: (...args: A) => T | Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (chain.mode === 'down') throw new Error('connect ECONNREFUSED')
      return await act(...args)
    }

  const methods = {
    readContract: whenUp(read),
    getTransactionCount: whenUp(
      ({ address }: { address: Address }) => nonces.get(address.toLowerCase() as Address) ?? 0,
    ),
    prepareTransactionRequest: whenUp((request: object) => ({
      ...request,
      gas: 100_000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
    })),
    sendRawTransaction: whenUp(async ({ serializedTransaction }: { serializedTransaction: Hex }) => {
      const hash = keccak256(serializedTransaction)
      if (lost.delete(hash)) mined.delete(hash)
      if (!mined.has(hash)) pool.set(hash, serializedTransaction)
      if (chain.mode === 'up') await mine()
      return hash
    }),
    getTransactionReceipt: whenUp(({ hash }: { hash: Hex }) => {
      const receipt = mined.get(hash)
      if (receipt === undefined) throw new TransactionReceiptNotFoundError({ hash })
      return receipt
    }),
    getBlock: whenUp(() => ({ timestamp: BigInt(Math.trunc(Date.now() / 1000)) })),
  }
  chain.publicClient = methods as unknown as PublicClient
  return chain
}
