import { useQuery } from '@tanstack/react-query'
import { AriaAmount } from '../../components/aria-amount.tsx'
import { QueryError } from '../../components/query-error.tsx'
import { Skeleton } from '../../components/ui/skeleton.tsx'
import { Stat, StatGrid } from '../../components/ui/stat.tsx'
import { compactCount, count, plural, share, shortAria } from '../../lib/format.ts'
import { networkQuery } from './queries.ts'

const LABELS = ['Providers online', 'Tokens served', 'Paid', 'Burned', 'Rewards', 'Audits passed']
const GRID = 'grid-cols-2 md:grid-cols-3 xl:grid-cols-6'

/** The network in six numbers. */
export function Headline() {
  const network = useQuery(networkQuery())

  if (network.isPending) return <HeadlinePending />
  if (network.isLoadingError) {
    return (
      <div className="rounded-xl border border-line bg-card">
        <QueryError what="the network" error={network.error} onRetry={network.refetch} />
      </div>
    )
  }

  const { totals } = network.data
  const burnedShare = share(BigInt(totals.burned), BigInt(totals.redeemed))
  const failures = `${count(totals.auditsFailed)} failed`
  return (
    <StatGrid label="Network totals" className={GRID}>
      <Stat
        label="Providers online"
        value={count(totals.providersOnline)}
        detail={`of ${count(totals.providersStaked)} staked · ${shortAria(BigInt(totals.staked))} ARIA`}
      />
      <Stat
        label="Tokens served"
        value={<span title={count(totals.outputTokens)}>{compactCount(totals.outputTokens)}</span>}
        detail={`in ${plural(totals.requests, 'request')}`}
      />
      <Stat
        label="Paid"
        unit="ARIA"
        value={<AriaAmount wei={totals.redeemed} unit={false} />}
        detail={`of ${shortAria(BigInt(totals.deposited))} deposited`}
      />
      <Stat
        label="Burned"
        unit="ARIA"
        value={<AriaAmount wei={totals.burned} unit={false} />}
        detail={
          burnedShare === null || BigInt(totals.burned) === 0n
            ? 'no fee burned yet'
            : `${burnedShare} of what was paid`
        }
      />
      <Stat
        label="Rewards"
        unit="ARIA"
        value={<AriaAmount wei={totals.rewardsClaimed} unit={false} />}
        detail="claimed, newly minted"
      />
      <Stat
        label="Audits passed"
        value={count(totals.auditsPassed)}
        detail={totals.auditsFailed > 0 ? <span className="font-medium text-bad">{failures}</span> : failures}
      />
    </StatGrid>
  )
}

function HeadlinePending() {
  return (
    <StatGrid label="Network totals, loading" className={GRID}>
      {LABELS.map(label => (
        <Stat
          key={label}
          label={label}
          value={<Skeleton className="h-6 w-20" />}
          detail={<Skeleton className="h-3 w-24" />}
        />
      ))}
    </StatGrid>
  )
}
