import type { ProviderDetail } from '@aria/indexer/api'
import { AriaAmount } from '../../components/aria-amount.tsx'
import { Stat, StatGrid } from '../../components/ui/stat.tsx'
import { useNow } from '../../lib/clock.ts'
import { ago, compactCount, plural, shortAria } from '../../lib/format.ts'
import { Score } from './score.tsx'

/** One provider in six numbers. */
export function ProviderTotals({ provider }: { provider: ProviderDetail }) {
  const { earned, owed, rewards, stake, score, outputTokens, requests } = provider
  return (
    <StatGrid label="Provider totals" className="grid-cols-2 md:grid-cols-3 xl:grid-cols-6">
      <Stat
        label="Earned"
        unit="ARIA"
        value={<AriaAmount wei={earned} unit={false} />}
        detail="net of the burned fee"
      />
      <Stat
        label="Owed"
        unit="ARIA"
        value={<AriaAmount wei={owed} unit={false} />}
        detail="waiting in Escrow"
      />
      <Stat
        label="Rewards"
        unit="ARIA"
        value={<AriaAmount wei={rewards} unit={false} />}
        detail="claimed, newly minted"
      />
      <Stat
        label="Stake"
        unit="ARIA"
        value={<AriaAmount wei={stake} unit={false} />}
        detail={<Unbonding provider={provider} />}
      />
      <Stat
        label="Score"
        value={<Score score={score} />}
        detail={score === null ? 'none finalized yet' : 'of 100, last finalized'}
      />
      <Stat label="Tokens served" value={compactCount(outputTokens)} detail={plural(requests, 'request')} />
    </StatGrid>
  )
}

function Unbonding({ provider: { unbonding, unbondEnd } }: { provider: ProviderDetail }) {
  const now = useNow()
  const amount = BigInt(unbonding)
  if (amount === 0n) return 'nothing unbonding'
  const when =
    unbondEnd === null ? '' : unbondEnd > now ? `, free ${ago(unbondEnd, now)}` : ', free to withdraw'
  return `${shortAria(amount)} ARIA unbonding${when}`
}
