import { useQuery } from '@tanstack/react-query'
import { Progress } from '../../components/ui/progress.tsx'
import { Skeleton } from '../../components/ui/skeleton.tsx'
import { useNow } from '../../lib/clock.ts'
import { count, duration } from '../../lib/format.ts'
import { networkQuery } from './queries.ts'

/** How far the running epoch is. Its failure is told by the headline beside it. */
export function EpochClock() {
  const { data, isPending } = useQuery(networkQuery())
  const now = useNow()

  if (isPending) {
    return (
      <div className="w-full sm:w-64">
        <Skeleton className="h-8 w-full" />
      </div>
    )
  }

  if (data === undefined) return null

  const { number, start, end, seconds } = data.epoch
  const left = end - now
  return (
    <div className="flex w-full flex-col gap-2 sm:w-64" title={`An epoch lasts ${duration(seconds)}`}>
      <div className="flex items-baseline justify-between text-[0.8125rem]">
        <span className="font-medium">Epoch {count(number)}</span>
        <span className="text-soft">
          {left > 0 ? `${duration(left)} left` : 'closing with the next block'}
        </span>
      </div>
      <Progress label={`Epoch ${count(number)}`} value={(now - start) / (end - start)} />
    </div>
  )
}
