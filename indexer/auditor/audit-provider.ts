import type { Host, KnownOffer, OfferBook } from '@aria/sdk/p2p'
import { type Address, AriaError, type Deployment, deployed, type Hex } from '@aria/sdk/protocol'
import type { Database } from '../db/open.ts'
import type { auditsRootCommitted } from '../db/schema/index.ts'
import { chainSides } from '../network/chain-sides.ts'
import { registeredOffers } from '../network/known-offers.ts'
import { checkItem, type Finding } from './check-item.ts'
import { fetchItems } from './fetch.ts'
import type { AuditModel } from './model.ts'
import { inRequests, samplePositions } from './sample.ts'
import { judge, type Verdict } from './verdict.ts'

export type CommittedEpoch = typeof auditsRootCommitted.$inferSelect

export interface ProviderAuditComponents {
  db: Database
  deployment: Deployment
  host: Host
  book: OfferBook
  model: AuditModel
  now: () => number
}

export interface ProviderAudit {
  verifier: Address
  root: CommittedEpoch
  rand: Hex
  samples: number
  signal: AbortSignal
}

/**
 * Fetches and judges the sampled receipts of one provider's epoch.
 * @throws AriaError `provider_failed` when it does not serve them now (try again while there is time),
 * `unknown_model` when no verdict is possible here.
 */
export async function auditProvider(
  components: ProviderAuditComponents,
  { verifier, root, rand, samples, signal }: ProviderAudit,
): Promise<Verdict> {
  const { db, deployment, host, model, now } = components
  const offer = await offerOf(components, root.provider)
  const positions = samplePositions(rand, root.provider, root.tokens, samples)
  const findings = new Map<Hex, Finding>()
  const all: Finding[] = []
  for (const group of inRequests(positions)) {
    const items = await fetchItems(host, offer, root.epoch, group, signal)
    const published = items.map(({ item }) => item)
    const { engineMajor } = model
    const sidesOf = await chainSides(db, offer, published, { deployment, engineMajor, now: now() })
    for (const [at, item] of items.entries()) {
      const context = {
        deployed: deployed(deployment),
        deployment,
        epoch: root.epoch,
        root: { hash: root.root, sum: root.tokens, count: root.count, model: root.model },
        model,
        sidesOf,
        signal,
      }
      const finding = await checkItem(item, group[at]!, context, findings)
      findings.set(finding.receiptHash, finding)
      all.push(finding)
      // One proven fault decides: nothing that is served later may take it back or keep a verdict away.
      if (!finding.passed) return judge(verifier, root.provider, all)
    }
  }
  return judge(verifier, root.provider, all)
}

async function offerOf({ db, book }: ProviderAuditComponents, provider: Address): Promise<KnownOffer> {
  const offers = await registeredOffers(db, book)
  const offer = offers.find(each => each.offer.operator === provider)
  if (offer !== undefined) return offer
  throw new AriaError('provider_failed', 'It is not online: no offer of it is heard.')
}
