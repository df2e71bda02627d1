import { readFile } from 'node:fs/promises'
import { startWorld } from '../../test/node/world.ts'
import { measureAudits } from './audits.ts'
import { measureBeacon } from './beacon.ts'
import { measureCourt } from './court.ts'
import { measureEscrow } from './escrow.ts'
import { measureX402 } from './x402.ts'

export const BATCH = 50
export const SNAPSHOT = new URL('../../gas-snapshot.json', import.meta.url)
/** A change of more than this share must be looked at and the snapshot written anew. */
export const TOLERANCE = 0.005

/** What issue 5 promises at most, and what it aims at. */
export const GOALS: Readonly<Record<string, { readonly most: number; readonly aim?: number }>> = {
  redeem_one: { most: 45_000, aim: 38_000 },
  redeem_marginal: { most: 15_000, aim: 11_500 },
  redeem_50: { most: 750_000, aim: 600_000 },
  channel_by_authorization: { most: 95_000 },
  commit_root: { most: 60_000 },
  reveal_row: { most: 10_000 },
  beacon: { most: 190_000 },
  open_case: { most: 170_000, aim: 120_000 },
  claim: { most: 90_000 },
}

/** Gas of every action as a whole transaction: intrinsic cost, calldata (EIP-7623), cold storage, no refunds hidden. */
export async function measureGas(): Promise<Record<string, number>> {
  const world = await startWorld()
  try {
    const gas = {
      ...(await measureEscrow(world, BATCH)),
      ...(await measureAudits(world)),
      ...(await measureX402(world, BATCH)),
      ...(await measureCourt(world)),
      beacon: await measureBeacon(),
    }
    return Object.fromEntries(Object.entries(gas).map(([name, value]) => [name, Math.round(value)]))
  } finally {
    await world.stop()
  }
}

export async function readSnapshot(): Promise<Record<string, number>> {
  return JSON.parse(await readFile(SNAPSHOT, 'utf8'))
}

/** The measured figures that are not those of the snapshot, in words. */
export function differences(gas: Record<string, number>, snapshot: Record<string, number>): string[] {
  const names = new Set([...Object.keys(gas), ...Object.keys(snapshot)])
  return [...names].flatMap(name => {
    const [now, then] = [gas[name], snapshot[name]]
    if (now === undefined || then === undefined) return [`${name}: ${then ?? 'new'} -> ${now ?? 'gone'}`]
    return Math.abs(now - then) <= then * TOLERANCE ? [] : [`${name}: ${then} -> ${now}`]
  })
}
