import { type LocalAccount, type PublicClient, parseSignature } from 'viem'
import { tokenAbi } from '../../protocol/abi/index.ts'
import type { Address, Deployment } from '../../protocol/index.ts'
import { PERMIT_LIFETIME_SECONDS } from '../limits.ts'
import { readChain } from './read.ts'

export interface Permit {
  deadline: bigint
  v: number
  r: `0x${string}`
  s: `0x${string}`
}

const PERMIT_TYPES = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

/** ERC-2612: the deposit's own allowance, exact and short-lived, so no allowance is left behind. */
export async function signPermit(
  publicClient: PublicClient,
  { contracts, chainId }: Deployment,
  wallet: LocalAccount,
  value: bigint,
  nowMs: number,
): Promise<Permit> {
  const token = { address: contracts.token, abi: tokenAbi } as const
  const owner = wallet.address.toLowerCase() as Address
  const [nonce, [, name, version]] = await readChain('the permit nonce', () =>
    Promise.all([
      publicClient.readContract({ ...token, functionName: 'nonces', args: [owner] }),
      publicClient.readContract({ ...token, functionName: 'eip712Domain' }),
    ]),
  )
  const deadline = BigInt(Math.trunc(nowMs / 1000) + PERMIT_LIFETIME_SECONDS)
  const signature = await wallet.signTypedData({
    domain: { name, version, chainId, verifyingContract: contracts.token },
    types: PERMIT_TYPES,
    primaryType: 'Permit',
    message: { owner, spender: contracts.escrow, value, nonce, deadline },
  })
  const { r, s, yParity } = parseSignature(signature)
  return { deadline, v: 27 + yParity, r, s }
}
