import type { ProviderDetail } from '@aria/indexer/api'
import { CopyButton } from '../../components/ui/copy-button.tsx'
import { FactList } from '../../components/ui/fact-list.tsx'
import { Hash } from '../../components/ui/hash.tsx'

/** Which keys act for this provider, and where it listens. */
export function IdentityFacts({ provider }: { provider: ProviderDetail }) {
  const { node, payout, multiaddrs } = provider
  return (
    <>
      <FactList
        facts={[
          { label: 'Node key', value: <Hash value={node} what="node key" /> },
          { label: 'Payout address', value: <Hash value={payout} what="payout address" /> },
        ]}
      />
      <h3 className="mt-1 border-line border-t pt-3 text-soft">Addresses to dial</h3>
      {multiaddrs.length === 0 ? (
        <p className="mt-1 text-faint">None known</p>
      ) : (
        <ul className="mt-1 flex flex-col">
          {multiaddrs.map(multiaddr => (
            <li key={multiaddr} className="flex items-start justify-between gap-2">
              <code className="min-w-0 break-all py-1 font-mono text-xs leading-4">{multiaddr}</code>
              <CopyButton value={multiaddr} what="address to dial" />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
