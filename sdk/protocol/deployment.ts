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

/** The file that `contracts/scripts/deploy.ts` writes: everything a program needs to join a deployment. */
const schema = v.object({
  chainId: v.pipe(v.number(), v.integer(), v.minValue(1)),
  genesis: seconds,
  blockNumber: seconds,
  contracts: v.object({
    token: address,
    models: address,
    staking: address,
    escrow: address,
    beacon: address,
    audits: address,
    rewards: address,
  }),
  params: v.object({
    network: v.string(),
    epochSeconds: v.pipe(seconds, v.minValue(1)),
    commitRootSeconds: seconds,
    randAfterSeconds: seconds,
    commitAuditFromSeconds: seconds,
    commitAuditUntilSeconds: seconds,
    revealUntilSeconds: seconds,
    finalizeUntilSeconds: seconds,
    claimsFromSeconds: seconds,
    thawSeconds: seconds,
    unbondSeconds: seconds,
    challengeSeconds: seconds,
    committeeSize: seconds,
    quorum: seconds,
    feePpm: seconds,
    providerStakeMin: wei,
    slotStake: wei,
  }),
})
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
