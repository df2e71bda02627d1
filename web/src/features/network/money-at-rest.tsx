import type { NetworkView } from '@aria/indexer/api'
import { useQuery } from '@tanstack/react-query'
import { QueryError } from '../../components/query-error.tsx'
import { Badge } from '../../components/ui/badge.tsx'
import { Card } from '../../components/ui/card.tsx'
import { PendingRows } from '../../components/ui/pending-rows.tsx'
import { count, fullAria } from '../../lib/format.ts'
import { networkQuery } from './queries.ts'

type Part = Exclude<keyof NetworkView['moneyAtRest'], 'escrowBalance'>

const PARTS: { key: Part; label: string; why: string; color: string }[] = [
  {
    key: 'channels',
    label: 'In channels',
    why: 'clients’ deposits, not yet spent',
    color: 'bg-accent-fill',
  },
  { key: 'owedToProviders', label: 'Owed to providers', why: 'redeemed, not yet paid out', color: 'bg-good' },
  { key: 'unburnedFees', label: 'Fees to burn', why: 'anyone may burn them', color: 'bg-second-fill' },
  { key: 'refunds', label: 'Refunds', why: 'closed channels, ready to collect', color: 'bg-faint' },
]

/** Where every token inside Escrow belongs, and that the parts are the whole, to the wei. */
export function MoneyAtRest() {
  return (
    <Card title="Money at rest" aside="in Escrow, ARIA" flush>
      <Balances />
    </Card>
  )
}

function Balances() {
  const network = useQuery(networkQuery())

  if (network.isPending) return <PendingRows label="Loading money at rest" rows={5} />
  if (network.isLoadingError) {
    return <QueryError what="the money at rest" error={network.error} onRetry={network.refetch} />
  }

  const money = network.data.moneyAtRest
  const balance = BigInt(money.escrowBalance)
  const sum = PARTS.reduce((total, { key }) => total + BigInt(money[key]), 0n)
  return (
    <>
      <ShareBar money={money} sum={sum} />
      <dl className="divide-y divide-line">
        {PARTS.map(({ key, label, why, color }) => (
          <Line key={key} label={label} why={why} color={color} wei={BigInt(money[key])} />
        ))}
        <Line label="Escrow’s balance" why="what the token contract says" wei={balance} strong />
      </dl>
      <p className="border-line border-t px-4 py-3 sm:px-5">
        {sum === balance ? <Badge tone="good">Adds up to the wei</Badge> : <Difference wei={sum - balance} />}
      </p>
    </>
  )
}

function Difference({ wei }: { wei: bigint }) {
  const [size, direction] = wei < 0n ? [-wei, 'less'] : [wei, 'more']
  return (
    <Badge tone="bad">
      The parts are {count(size)} wei {direction} than the balance
    </Badge>
  )
}

function ShareBar({ money, sum }: { money: NetworkView['moneyAtRest']; sum: bigint }) {
  return (
    <div
      aria-hidden="true"
      className="mx-4 my-4 flex h-2 gap-0.5 overflow-hidden rounded-full bg-line sm:mx-5"
    >
      {PARTS.map(({ key, color }) => {
        const permille = sum === 0n ? 0 : Number((BigInt(money[key]) * 1000n) / sum)
        return (
          <div
            key={key}
            className={permille > 0 || BigInt(money[key]) > 0n ? `min-w-1 ${color}` : ''}
            style={{ width: `${permille / 10}%` }}
          />
        )
      })}
    </div>
  )
}

interface LineProps {
  label: string
  why: string
  wei: bigint
  color?: string
  strong?: boolean
}

function Line({ label, why, wei, color, strong = false }: LineProps) {
  const [whole, fraction] = fullAria(wei).split('.')
  return (
    <div className="flex items-center justify-between gap-4 px-4 py-2.5 sm:px-5">
      <dt className="flex gap-2.5">
        <span aria-hidden="true" className={`mt-1.5 size-2 shrink-0 rounded-[2px] ${color ?? ''}`} />
        <span>
          <span className={strong ? 'font-semibold' : ''}>{label}</span>
          <span className="block text-faint text-xs">{why}</span>
        </span>
      </dt>
      <dd className={`font-mono text-xs sm:text-[0.8125rem] ${strong ? 'font-semibold' : ''}`}>
        {whole}.<span className="text-faint">{fraction}</span>
      </dd>
    </div>
  )
}
