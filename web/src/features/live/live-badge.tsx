import { Badge, type Tone } from '../../components/ui/badge.tsx'
import type { LiveState } from '../../lib/live.ts'
import { useLive } from './live-context.ts'

const SHOWN: Record<LiveState, { text: string; tone: Tone; title: string }> = {
  connecting: { text: 'Connecting', tone: 'neutral', title: 'Opening the event stream of the indexer' },
  live: { text: 'Live', tone: 'good', title: 'Changes appear by themselves' },
  reconnecting: {
    text: 'Reconnecting',
    tone: 'warn',
    title: 'The indexer is away; the numbers shown are the last ones received',
  },
}

export function LiveBadge() {
  const { state } = useLive()
  const { text, tone, title } = SHOWN[state]
  return (
    <Badge tone={tone} title={title} role="status" data-testid="live-state" data-state={state}>
      {text}
    </Badge>
  )
}
