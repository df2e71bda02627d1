import * as v from 'valibot'
import type { Address } from './bytes.ts'
import { AriaError } from './errors.ts'

const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/),
  v.transform(text => text.toLowerCase() as Address),
)
const seconds = v.pipe(v.number(), v.integer(), v.minValue(0))
const wei = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,30}$/),
  v.transform((text): bigint => BigInt(text)),
)

const fileSchema = v.object({
  network: v.string(),
  chainId: v.pipe(v.number(), v.integer(), v.minValue(1)),
  genesis: seconds,
  blockNumber: seconds,
  contracts: v.object({
    timelock: address,
    court: address,
    charges: address,
    token: address,
    models: address,
    staking: address,
    escrow: address,
    beacon: address,
    audits: address,
    rewards: address,
  }),
  params: v.object({
    timetable: v.object({
      epoch: v.pipe(seconds, v.minValue(1)),
      rootEnd: seconds,
      randAt: seconds,
      auditStart: seconds,
      auditEnd: seconds,
      revealEnd: seconds,
      finalizeEnd: seconds,
      claimAt: seconds,
    }),
    staking: v.object({ minProvider: wei, slot: wei, unbond: seconds, challenge: seconds }),
    escrow: v.object({ thaw: seconds, feePpm: seconds }),
    audits: v.object({ committee: seconds, quorum: seconds }),
  }),
})

/** The file that `contracts/scripts/deploy.ts` writes: everything a program needs to join a deployment. */
const schema = v.pipe(
  fileSchema,
  v.transform(({ network, chainId, genesis, blockNumber, contracts, params }) => ({
    chainId,
    genesis,
    blockNumber,
    contracts,
    params: {
      network,
      epochSeconds: params.timetable.epoch,
      commitRootSeconds: params.timetable.rootEnd,
      randAfterSeconds: params.timetable.randAt,
      commitAuditFromSeconds: params.timetable.auditStart,
      commitAuditUntilSeconds: params.timetable.auditEnd,
      revealUntilSeconds: params.timetable.revealEnd,
      finalizeUntilSeconds: params.timetable.finalizeEnd,
      claimsFromSeconds: params.timetable.claimAt,
      thawSeconds: params.escrow.thaw,
      unbondSeconds: params.staking.unbond,
      challengeSeconds: params.staking.challenge,
      committeeSize: params.audits.committee,
      quorum: params.audits.quorum,
      feePpm: params.escrow.feePpm,
      providerStakeMin: params.staking.minProvider,
      slotStake: params.staking.slot,
    },
  })),
)
export type Deployment = v.InferOutput<typeof schema>

/** @throws AriaError `bad_deployment` naming the field. */
export function parseDeployment(json: unknown, source: string): Deployment {
  const parsed = v.safeParse(schema, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new AriaError('bad_deployment', `${source}: ${v.getDotPath(issue) ?? 'file'}: ${issue.message}`, {
    hint: 'Point ARIA_DEPLOYMENT at the file that the deployment wrote.',
  })
}

export function deployed({ chainId, contracts }: Deployment): {
  chainId: number
  escrow: Address
  audits: Address
} {
  return { chainId, escrow: contracts.escrow, audits: contracts.audits }
}
