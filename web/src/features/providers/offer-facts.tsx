import type { ProviderDetail } from '@aria/indexer/api'
import { EmptyState } from '../../components/ui/empty-state.tsx'
import { type Fact, FactList } from '../../components/ui/fact-list.tsx'
import { Hash } from '../../components/ui/hash.tsx'
import { count } from '../../lib/format.ts'
import { Price } from './price.tsx'

/** The newest signed offer: price, free slots, where to dial. */
export function OfferFacts({ provider }: { provider: ProviderDetail }) {
  if (!provider.online) {
    return (
      <EmptyState title="No offer is in force">
        This provider’s last signed offer has expired, so clients do not choose it. Its program may be stopped
        or cut off from the network.
      </EmptyState>
    )
  }

  return <FactList facts={offerFacts(provider)} />
}

function offerFacts({
  pricePerInputToken,
  pricePerOutputToken,
  slotsFree,
  modelName,
  modelId,
}: ProviderDetail): Fact[] {
  return [
    { label: 'Input, per million tokens', value: <Price weiPerToken={pricePerInputToken} unit /> },
    { label: 'Output, per million tokens', value: <Price weiPerToken={pricePerOutputToken} unit /> },
    { label: 'Free slots', value: slotsFree === null ? '–' : count(slotsFree) },
    { label: 'Model', value: modelName ?? '–' },
    { label: 'Model id', value: modelId === null ? '–' : <Hash value={modelId} what="model id" /> },
  ]
}
