import { useNow } from '../../lib/clock.ts'
import { absoluteTime, ago } from '../../lib/format.ts'

/** "12 s ago", with the exact time in the title. */
export function TimeAgo({ seconds }: { seconds: number }) {
  const now = useNow()
  return (
    <time
      dateTime={new Date(seconds * 1000).toISOString()}
      title={absoluteTime(seconds)}
      className="whitespace-nowrap"
    >
      {ago(seconds, now)}
    </time>
  )
}
