import { AriaAmount } from '../components/aria-amount.tsx'
import { OperatorLink } from '../components/operator-link.tsx'
import { Badge } from '../components/ui/badge.tsx'
import { TimeAgo } from '../components/ui/time-ago.tsx'
import type { ActivityItem } from './activity-items.ts'

export function ActivityRow({ item: { kind, tone, operator, text, wei, time } }: { item: ActivityItem }) {
  return (
    <li className="grid min-h-12 grid-cols-[5.75rem_1fr] items-center gap-x-3 gap-y-1 px-4 py-2 text-[0.8125rem] sm:grid-cols-[5.75rem_1fr_4rem] sm:px-5">
      <span>
        <Badge tone={tone}>{kind}</Badge>
      </span>
      <span className="row-span-2 flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 sm:row-span-1">
        {operator !== null && <OperatorLink operator={operator} />}
        <span className="text-soft">{text}</span>
        {wei !== null && <AriaAmount wei={wei} className="sm:ml-auto" />}
      </span>
      <span className="text-faint text-xs sm:text-right">
        <TimeAgo seconds={time} />
      </span>
    </li>
  )
}
