import { randomBytes } from 'node:crypto'
import { type Deployment, toHex, ZERO_HASH } from '@aria/sdk/protocol'
import { beaconAbi } from '@aria/sdk/protocol/abi'
import type { Logger } from 'pino'
import type { PublicClient } from 'viem'
import { chainError } from '../chain.ts'
import { every, type Loop } from '../every.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Wallet } from '../wallet.ts'
import { newestBegun } from './duties.ts'

const BEAT_MS = 1_000
/** Epochs looked back at: an older one's windows are over. */
const EPOCHS_MAX = 3

export interface BeaconComponents {
  client: PublicClient
  deployment: Deployment
  ingest: Pick<Ingest, 'status' | 'now'>
  wallet: Wallet
  log: Logger
}

/**
 * Stands in for drand on a development chain: LocalBeacon trusts its one operator to choose the values, as everyone
 * there trusts the chain's only validator. A public deployment has no such key.
 */
export function localBeacon({ client, deployment, ingest, wallet, log }: BeaconComponents): Loop {
  const beacon = { address: deployment.contracts.beacon, abi: beaconAbi } as const
  const known = new Set<number>()

  async function beat(): Promise<void> {
    if (ingest.status.cursor === undefined) return
    const newest = newestBegun(ingest.now(), deployment, 'randAt')
    for (let epoch = Math.max(0, newest - EPOCHS_MAX + 1); epoch <= newest; epoch++) {
      if (!known.has(epoch)) await submit(epoch)
    }
  }

  async function submit(epoch: number): Promise<void> {
    const round = await client.readContract({ ...beacon, functionName: 'roundOf', args: [BigInt(epoch)] })
    const value = await client.readContract({ ...beacon, functionName: 'valueOf', args: [round] })
    if (value === ZERO_HASH) {
      await wallet.send({ ...beacon, functionName: 'submit', args: [round, toHex(randomBytes(32))] })
      log.info({ epoch, round }, 'Randomness submitted')
    }
    known.add(epoch)
  }

  return every(BEAT_MS, beat, thrown => {
    const error = chainError(thrown)
    log.debug({ code: error.code, reason: error.message }, 'Randomness not submitted yet')
  })
}
