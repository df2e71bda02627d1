import { type Address, fromHex, type Hex, keccakHex } from '@aria/sdk/protocol'
import { encodeAbiParameters } from 'viem'
import type { AuditRow } from '../db/schema/index.ts'

const TYPES = [
  { type: 'address' },
  { type: 'uint256' },
  { type: 'bytes32' },
  {
    type: 'tuple[]',
    components: [
      { name: 'provider', type: 'address' },
      { name: 'score', type: 'uint8' },
      { name: 'capacity', type: 'uint8' },
      { name: 'digest', type: 'bytes32' },
    ],
  },
] as const

/** keccak256(abi.encode(verifier, epoch, salt, rows)): the verifier is inside, so copying it is useless (Audits). */
export function auditCommitment(verifier: Address, epoch: number, salt: Hex, rows: readonly AuditRow[]): Hex {
  return keccakHex(fromHex(encodeAbiParameters(TYPES, [verifier, BigInt(epoch), salt, [...rows]])))
}
