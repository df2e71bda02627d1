import type { ProviderDetail } from '@aria/indexer/api'
import { CopyButton } from '../../components/ui/copy-button.tsx'
import { PixelMark } from '../../components/ui/pixel-mark.tsx'
import { shortHex } from '../../lib/format.ts'
import { AuditBadge } from './audit-badge.tsx'
import { OnlineBadge } from './online-badge.tsx'

export function ProviderHeader({ provider }: { provider: ProviderDetail }) {
  const { operator, online, audit, modelName } = provider
  return (
    <div className="flex flex-col gap-2">
      <title>{`Provider ${shortHex(operator)} · ARIA`}</title>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <PixelMark seed={operator} />
        <h1 className="font-semibold text-2xl tracking-[-0.02em]">Provider {shortHex(operator)}</h1>
        <OnlineBadge online={online} />
        {audit !== 'none' && <AuditBadge audit={audit} />}
      </div>
      <p className="flex min-w-0 flex-wrap items-center gap-x-2 text-soft">
        <span className="break-all font-mono text-[0.8125rem]">{operator}</span>
        <CopyButton value={operator} what="operator address" />
        {modelName !== null && <span>serves {modelName}</span>}
      </p>
    </div>
  )
}
